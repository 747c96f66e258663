"""Data sets to learn on that scikit-learn does not ship, and readers of people's own images.

Knows files and OpenML, and nothing of estimators.
"""

from skae.datasets._cifar10 import load_cifar10
from skae.datasets._fashion_mnist import load_fashion_mnist
from skae.datasets._image_files import load_image_files

__all__ = ["load_cifar10", "load_fashion_mnist", "load_image_files"]
