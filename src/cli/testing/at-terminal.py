"""Runs a command at a terminal of its own, types an answer where it asks, and prints what was to be read there.

    at-terminal.py ANSWER COMMAND...     ends as the command does
"""

import os
import pty
import sys

answer, command = sys.argv[1].encode().decode("unicode_escape").encode(), sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execvp(command[0], command)
read, is_answered = b"", False
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:  # EIO: nobody has the other side open any more
        break
    if not piece:
        break
    read += piece
    if not is_answered and b"[y/N] " in read:
        is_answered = True
        os.write(terminal, answer)
sys.stdout.buffer.write(read)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
