"""Ctrl-C during training: noted at once, heeded after the call in flight."""

import signal
import threading

__all__ = ["Interrupt"]


class Interrupt:
    """Context manager; ``heard`` is True once Ctrl-C was pressed.

    A KeyboardInterrupt raised wherever Python happens to be can be lost (in a callback of the
    garbage collector it is printed and ignored) or fall between a result and its assignment. So
    the first Ctrl-C sets a flag that training looks at several times a second; a second one raises.
    Where the program has a handler of its own, or outside the main thread, nothing is changed.
    """

    def __init__(self):
        self.heard = False
        self._installed = False

    def __enter__(self):
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            signal.signal(signal.SIGINT, self._hear)
            self._installed = True
        return self

    def __exit__(self, *error):
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _hear(self, number, frame):
        if self.heard:
            signal.default_int_handler(number, frame)
        self.heard = True
