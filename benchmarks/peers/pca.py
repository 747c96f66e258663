"""scikit-learn's PCA, a baseline without iterative training."""

from sklearn.decomposition import PCA

PACKAGES = ("scikit-learn",)


def fit(X, task, after_epoch):
    del after_epoch
    return PCA(task.widths[-1], random_state=0).fit(X).transform
