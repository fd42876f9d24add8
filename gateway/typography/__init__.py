"""Letters on paper: the font that comes with the program, where lines end, marks on an A4 page, and PDF.

Posters and reports are set with it. Nothing here knows what is said, opens the register or writes a file.
"""
