"""A program with a terminal of its own, at which a person types."""
import fcntl
import os
import pty
import select
import subprocess
import termios


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


class Prompted:
    """A program at a terminal that stays when it ends, and whose question has been shown."""

    def __init__(self, words, environment):
        self.terminal, self.its_end = pty.openpty()
        self.shown = b""
        self.program = subprocess.Popen([*map(str, words)], env=environment, stdin=self.its_end, stdout=self.its_end, stderr=self.its_end,
                                        start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.question()

    def question(self):
        seen = len(self.shown)
        while not self.shown[seen:].endswith(b": "):
            self._read(60)

    def echoes(self):
        return bool(termios.tcgetattr(self.its_end)[3] & termios.ECHO)

    def type(self, octets):
        os.write(self.terminal, octets)

    def ended(self):
        """The exit code, or the signal's number below 0."""
        while self.program.poll() is None:
            self._read(1, needed=False)
        self._read(0, needed=False)
        return self.program.returncode

    def _read(self, seconds, needed=True):
        ready, _, _ = select.select([self.terminal], [], [], seconds)
        assert ready or not needed, f"nothing more is shown after {self.shown!r}"
        if ready:
            self.shown += os.read(self.terminal, 65536)
