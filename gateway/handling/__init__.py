"""The handling report for the privacy council (protocol 8.7): what is counted, how it is told, and its two forms.

Numbers of what happened come from the audit log alone; numbers of what is held, from the rows as of now. No address
and no pseudonym enters a report.
"""
