"""
=========================================
Odd beats: an LSTM on windows of a signal
=========================================

A window cut out of a signal may begin anywhere in a beat. To PCA, which knows fixed places only,
each shift of a beat is another pattern; a :class:`skae.RecurrentAutoencoder` reads the window step
by step and can do better with as many numbers. A window that such a code does not bring back is an
odd one: `score_samples` finds it, with no label of what is odd.

The signal is real: eleven minutes of a pulse, measured by light on a finger, with the artifacts of
its movements. It comes with the package heartpy (van Gent et al. 2019)::

    pip install heartpy

Without it the example makes a signal of beats, and says so.
"""

# %%
# The signal
# ----------
# heartpy's file is read without importing the package, which needs more than NumPy. 100 samples a
# second are more than a pulse needs: each four are averaged.

from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score

from skae import AutoencoderTransformer, RecurrentAutoencoder

started = perf_counter()


def made_signal(n_seconds=680, rate=100, seed=0):
    """Beats of a height and at intervals that wander, with bursts of movement now and then."""
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
    for begin in rng.uniform(0, n_seconds, 25):
        burst = np.exp(-(((seconds - begin) / 0.5) ** 2))
        signal += 2 * burst * np.sin(2 * np.pi * rng.uniform(0.5, 2) * (seconds - begin))
    return signal


found = find_spec("heartpy")
if found is None:
    print("heartpy is not installed (pip install heartpy): a made signal of beats is used instead.")
    signal = made_signal()
else:
    file = Path(found.origin).parent / "data" / "data3.csv"
    print(f"pulse from {file}")
    signal = np.loadtxt(file, delimiter=",", skiprows=1, usecols=1)
signal = signal[: len(signal) // 4 * 4].reshape(-1, 4).mean(axis=1)

# %%
# Windows
# -------
# 64 samples, some two and a half seconds. The first six minutes and a half are trained on, in
# windows that overlap much; the rest is held out.

rate, length = 25, 64


def windows(part, step):
    """Windows (n, 64) of a part of the signal, one every `step` samples."""
    return np.lib.stride_tricks.sliding_window_view(part, length)[::step].astype(np.float32)


n_train = int(0.6 * len(signal))
signal = (signal - signal[:n_train].mean()) / signal[:n_train].std()
X_train, X_test = windows(signal[:n_train], 3), windows(signal[n_train:], 8)
print(f"{len(X_train)} windows to train on, {len(X_test)} held out, {length / rate} s each")

# %%
# Six numbers for a window
# ------------------------
# To the LSTM a window is 16 steps of four samples: a quarter of the steps, and less to remember.
# Windows that overlap are near copies of each other. Those held back at random could not tell when
# to stop, so nothing is held back.
#
# How well odd windows are found is measured on made ones: in a copy of each held-out window, one
# second in its middle is played backwards. It has the same samples, but no heart beats so. The
# last column is the area under the ROC curve: how often the copy is the odder one of two windows
# drawn, one of each kind.

odd = X_test.copy()
odd[:, 20:45] = odd[:, 20:45][:, ::-1]
is_odd = np.repeat([0, 1], len(X_test))

shared = {"n_components": 6, "early_stopping": False, "batch_size": 32, "random_state": 0}
models = {
    "PCA": PCA(6),
    "LSTM": RecurrentAutoencoder(sequence_shape=(16, 4), max_iter=20, **shared),
    "dense": AutoencoderTransformer(max_iter=20, **shared),
}


def sample_errors(model, X):
    """Mean squared error of each row; of skae's models the negative of `score_samples`."""
    return np.mean((model.inverse_transform(model.transform(X)) - X) ** 2, axis=1)


print(f"\n{'':<8}{'mean error':>12}{'median':>9}{'played backwards':>19}{'fit':>9}")
for name, model in models.items():
    start = perf_counter()
    model.fit(X_train)
    seconds = perf_counter() - start
    errors = sample_errors(model, X_test)
    found_odd = roc_auc_score(is_odd, np.concatenate([errors, sample_errors(model, odd)]))
    print(
        f"{name:<8}{errors.mean():>12.3f}{np.median(errors):>9.3f}{found_odd:>19.3f}"
        f"{seconds:>7.1f} s"
    )

# %%
# What it is good for
# -------------------
# The LSTM brings back much more of a window than PCA does, and tells odd windows better. Dense
# layers bring back more still, in less time, and tell odd windows about as well: windows are short,
# and there are thousands of them, so that nearly every shift of a beat is among them. Try them
# first, here too. The same cells stand under any other objective by `network`, as in
# ``VAE(6, network=Recurrent(sequence_shape=(16, 4)))``: :class:`skae.networks.Recurrent`.
#
# The oddest windows of the held-out signal itself
# ------------------------------------------------

scores = models["LSTM"].score_samples(X_test)
order = np.argsort(scores)
oddest: list[int] = []
for window in order:  # windows overlap: one for each event
    if all(abs(window - other) >= length // 8 for other in oddest):
        oddest.append(window)
    if len(oddest) == 4:
        break
usual = order[(np.array([0.4, 0.6, 0.8, 0.95]) * len(order)).astype(int)]

figure = plt.figure(figsize=(11, 9), layout="constrained")
above, below = figure.subfigures(2, 1, height_ratios=[1, 1.1])
signal_ax, score_ax = above.subplots(2, 1, sharex=True)
seconds = np.arange(n_train, len(signal)) / rate
signal_ax.plot(seconds, signal[n_train:], linewidth=0.6, color="black")
signal_ax.set(
    ylabel="signal", title="held-out signal, and the four windows that are oddest to the LSTM"
)
middles = (n_train + 8 * np.arange(len(X_test)) + length / 2) / rate
score_ax.plot(middles, scores, linewidth=0.8, color="tab:orange")
score_ax.set(xlabel="seconds", ylabel="score_samples")
for window in oddest:
    for ax in (signal_ax, score_ax):
        ax.axvspan(middles[window] - 1.28, middles[window] + 1.28, color="tab:red", alpha=0.3)
axes = below.subplots(2, 4, sharex=True, sharey="row")
for sample_axes, chosen, name in ((axes[0], usual, "usual"), (axes[1], oddest, "odd")):
    X_hat = {
        name: model.inverse_transform(model.transform(X_test[chosen]))
        for name, model in models.items()
    }
    for column, ax in enumerate(sample_axes):
        ax.plot(np.arange(length) / rate, X_test[chosen[column]], color="black", label="signal")
        for other, color in (("PCA", "tab:blue"), ("LSTM", "tab:orange")):
            ax.plot(np.arange(length) / rate, X_hat[other][column], color=color, label=other)
        ax.set_title(f"{name}, score {scores[chosen[column]]:.2f}", fontsize=9)
for ax in axes[1]:
    ax.set_xlabel("seconds")
below.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=3)

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "recurrent_signals.png"
figure.savefig(picture, dpi=120)
print(f"picture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
