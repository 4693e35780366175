"""How fast BookBridge is, beside what people would build instead; run by `make bench`.

Not part of the program: nothing here is installed or imported by a server.
"""
