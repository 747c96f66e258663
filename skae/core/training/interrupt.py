"""Ctrl-C during training: recorded at once, effective after the call in flight."""

import signal
import threading

__all__ = ["Interrupt"]


class Interrupt:
    """Context manager; ``is_set`` is True after Ctrl-C was pressed.

    A KeyboardInterrupt that is raised at an arbitrary point of a program can be lost (in a callback
    of the garbage collector it is printed and ignored) or fall between a result and its assignment.
    So the first Ctrl-C sets a flag that training reads several times a second; a second one raises.
    If the program has installed a handler of its own, or outside the main thread, nothing changes.
    """

    def __init__(self):
        self.is_set = False
        self._installed = False

    def __enter__(self):
        if (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        ):
            signal.signal(signal.SIGINT, self._set)
            self._installed = True
        return self

    def __exit__(self, *error):
        if self._installed:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _set(self, number, frame):
        if self.is_set:
            signal.default_int_handler(number, frame)
        self.is_set = True
