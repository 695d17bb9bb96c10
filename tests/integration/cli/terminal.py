"""A program with a terminal of its own, at which a person types."""
import os
import pty
import select


def typed(words, environment, lines):
    """Runs the program; types each line when its output has grown by a prompt (": "). Returns code and all that was shown."""
    child, terminal = pty.fork()
    if child == 0:
        os.execve(words[0], words, environment)
    shown, waiting, seen = b"", list(lines), 0
    while True:
        ready, _, _ = select.select([terminal], [], [], 60)
        assert ready, f"nothing more is shown after {shown!r}"
        try:
            part = os.read(terminal, 4096)
        except OSError:  # the program has ended
            break
        if not part:
            break
        shown += part
        if waiting and shown.rstrip(b" ").endswith(b":") and len(shown) > seen:
            os.write(terminal, waiting.pop(0).encode() + b"\n")
            seen = len(shown)
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), shown.decode()
