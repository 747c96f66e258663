"""Loaders of image data sets: Fashion-MNIST, CIFAR-10, and folders of image files."""

from skae.datasets._cifar10 import load_cifar10
from skae.datasets._fashion_mnist import load_fashion_mnist
from skae.datasets._image_files import load_image_files

__all__ = ["load_cifar10", "load_fashion_mnist", "load_image_files"]
