"""
======================================================
Anomaly detection in a signal with an LSTM autoencoder
======================================================

A sliding window over a pulse signal can start at any phase of a beat. For PCA, which treats each
position in the window as a separate feature, every phase is a different pattern. A
:class:`skae.RecurrentAutoencoder` processes the window step by step and can reconstruct it better
from the same number of components. A window with a high reconstruction error is an anomaly:
`score_samples` detects it without labels.

The signal is a real recording: eleven minutes of a photoplethysmogram (pulse measured optically at
a finger) with motion artifacts. It is part of the package heartpy (van Gent et al. 2019)::

    pip install heartpy

Without heartpy the example generates a synthetic signal, and prints a message.
"""

# %%
# The signal
# ----------
# The file is read without importing heartpy, which has dependencies beyond NumPy. The sampling rate
# of 100 Hz is higher than necessary for a pulse: groups of four values are averaged.

from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from skae import AutoencoderTransformer, RecurrentAutoencoder

started = perf_counter()


def synthetic_signal(n_seconds=680, rate=100, seed=0):
    """Beats of slowly varying amplitude and interval, with occasional motion artifacts."""
    rng = np.random.default_rng(seed)
    number = np.arange(2 * n_seconds)
    beats = np.cumsum(0.85 + 0.1 * np.sin(number / 9) + 0.03 * rng.normal(size=len(number)))
    beats = beats[beats < n_seconds]
    heights = 1 + 0.4 * np.sin(np.arange(len(beats)) / 23)
    seconds = np.arange(n_seconds * rate) / rate
    signal = 0.03 * rng.normal(size=len(seconds))
    for delay, width, part in ((0.0, 0.08, 1.0), (0.17, 0.07, -0.35), (0.36, 0.09, 0.3)):
        distance = (seconds - delay - beats[:, None]) / width
        signal += (part * heights) @ np.exp(-(distance**2) / 2)
    for center in rng.uniform(0, n_seconds, 25):
        envelope = np.exp(-(((seconds - center) / 0.5) ** 2))
        signal += 2 * envelope * np.sin(2 * np.pi * rng.uniform(0.5, 2) * (seconds - center))
    return signal


heartpy = find_spec("heartpy")
if heartpy is None:
    print("heartpy is not installed (pip install heartpy): a synthetic signal is used instead.")
    signal = synthetic_signal()
else:
    file = Path(heartpy.origin).parent / "data" / "data3.csv"
    print(f"pulse signal from {file}")
    signal = np.loadtxt(file, delimiter=",", skiprows=1, usecols=1)
signal = signal[: len(signal) // 4 * 4].reshape(-1, 4).mean(axis=1)

# %%
# Windows
# -------
# Each window has 64 values, about two and a half seconds. The first six and a half minutes are the
# training set, in strongly overlapping windows; the rest is the test set.

rate, length = 25, 64


def windows(part, step):
    """Windows (n, 64) of a part of the signal, one every `step` values."""
    return np.lib.stride_tricks.sliding_window_view(part, length)[::step].astype(np.float32)


n_train = int(0.6 * len(signal))
signal = (signal - signal[:n_train].mean()) / signal[:n_train].std()
X_train, X_test = windows(signal[:n_train], 3), windows(signal[n_train:], 8)
print(f"{len(X_train)} training windows, {len(X_test)} test windows of {length / rate} s")

# %%
# Six components per window
# -------------------------
# The LSTM processes a window as 16 steps of four values, which shortens the sequence. Overlapping
# windows are near-duplicates, which would leak into a random validation split. Early stopping is
# therefore disabled.
#
# Anomaly detection is evaluated on synthetic anomalies: in a copy of each test window, the middle
# second is reversed in time. Such a window has the same values but not the shape of a pulse. The
# column "ROC AUC" is the probability that a random anomalous window has a higher reconstruction
# error than a random original window.

anomalous = X_test.copy()
anomalous[:, 20:45] = anomalous[:, 20:45][:, ::-1]
is_anomaly = np.repeat([0, 1], len(X_test))

shared = {"n_components": 6, "early_stopping": False, "batch_size": 32, "random_state": 0}
models = {
    "PCA": PCA(6),
    "LSTM": RecurrentAutoencoder(sequence_shape=(16, 4), max_iter=20, **shared),
    "dense": AutoencoderTransformer(max_iter=20, **shared),
}


def sample_errors(model, X):
    """Mean squared error of each window; for skae's models the negative of `score_samples`."""
    return np.mean((model.inverse_transform(model.transform(X)) - X) ** 2, axis=1)


print(f"\n{'':<8}{'mean error':>12}{'median error':>15}{'ROC AUC':>10}{'fit':>9}")
for name, model in models.items():
    start = perf_counter()
    model.fit(X_train)
    seconds = perf_counter() - start
    errors = sample_errors(model, X_test)
    auc = roc_auc_score(is_anomaly, np.concatenate([errors, sample_errors(model, anomalous)]))
    print(f"{name:<8}{errors.mean():>12.3f}{np.median(errors):>15.3f}{auc:>10.3f}{seconds:>7.1f} s")

# %%
# Discussion
# ----------
# The LSTM has a much lower reconstruction error than PCA and detects anomalous windows better. The
# dense autoencoder has a still lower error, trains faster, and detects anomalies about as well: the
# windows are short, and the thousands of training windows cover nearly every phase of a beat. Try a
# dense network first for signals, too. A recurrent network can be combined with any other objective
# by the parameter `network`, for example ``VAE(6, network=Recurrent(sequence_shape=(16, 4)))``: see
# :class:`skae.networks.Recurrent`.
#
# Anomalies in the test signal
# ----------------------------

scores = models["LSTM"].score_samples(X_test)
order = np.argsort(scores)
anomalies: list[int] = []
for window in order:
    # Windows overlap, so only the first window of each event is selected.
    if all(abs(window - other) >= length // 8 for other in anomalies):
        anomalies.append(window)
    if len(anomalies) == 4:
        break
typical = order[(np.array([0.4, 0.6, 0.8, 0.95]) * len(order)).astype(int)]

figure = plt.figure(figsize=(11, 9), layout="constrained")
above, below = figure.subfigures(2, 1, height_ratios=[1, 1.1])
signal_ax, score_ax = above.subplots(2, 1, sharex=True)
seconds = np.arange(n_train, len(signal)) / rate
signal_ax.plot(seconds, signal[n_train:], linewidth=0.6, color="black")
signal_ax.set(
    ylabel="signal", title="test signal, and the four windows of lowest score_samples (LSTM)"
)
centers = (n_train + 8 * np.arange(len(X_test)) + length / 2) / rate
score_ax.plot(centers, scores, linewidth=0.8, color="tab:orange")
score_ax.set(xlabel="time (s)", ylabel="score_samples")
for window in anomalies:
    for ax in (signal_ax, score_ax):
        ax.axvspan(centers[window] - 1.28, centers[window] + 1.28, color="tab:red", alpha=0.3)
axes = below.subplots(2, 4, sharex=True, sharey="row")
for row_axes, chosen, kind in ((axes[0], typical, "typical"), (axes[1], anomalies, "anomaly")):
    X_hat = {
        name: model.inverse_transform(model.transform(X_test[chosen]))
        for name, model in models.items()
    }
    for column, ax in enumerate(row_axes):
        ax.plot(np.arange(length) / rate, X_test[chosen[column]], color="black", label="signal")
        for other, color in (("PCA", "tab:blue"), ("LSTM", "tab:orange")):
            ax.plot(np.arange(length) / rate, X_hat[other][column], color=color, label=other)
        ax.set_title(f"{kind}, score {scores[chosen[column]]:.2f}", fontsize=9)
for ax in axes[1]:
    ax.set_xlabel("time (s)")
below.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "recurrent_signals.png"
figure.savefig(figure_path, dpi=120)
print(f"figure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
