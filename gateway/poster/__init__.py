"""The sheet for a school's notice board: what it says, how it is set, and its three file formats (protocol 8).

Nothing here opens the register or writes a file. The sheet is laid out once, in millimetres, and each format draws the
same marks; the fonts come with the program, so that a sheet looks the same wherever it is made or printed.
"""
