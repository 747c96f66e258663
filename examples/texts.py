"""
====================================
Texts: functions that are like one
====================================

A text becomes a sample by counting words: TF-IDF has a column for each, nearly all of them empty. Such
samples stay sparse all the way. :class:`skae.AutoencoderTransformer` makes a few numbers of each, as
``TruncatedSVD`` does, and :class:`skae.SemanticHasher` some bits, by which texts that are like one
are found at once.

The texts are there wherever this runs: what NumPy, SciPy and scikit-learn say of their functions
and classes. No label is learned from: the part of the library a text is from colors and judges.
"""

# %%
# Texts, each once, as samples of words
# ----------------------------------

import importlib
import inspect
from collections import Counter
from pathlib import Path
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.manifold import TSNE
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from skae import AutoencoderTransformer, SemanticHasher
from skae.hashing import HammingIndex

started = perf_counter()
PARTS = {
    "numpy": "fft linalg ma polynomial random",
    "scipy": "fft integrate interpolate linalg ndimage optimize signal sparse spatial special "
    "stats",
    "sklearn": "cluster datasets decomposition ensemble linear_model metrics model_selection "
    "neighbors pipeline preprocessing svm utils",
}
found = {}
for library, parts in PARTS.items():
    for part in parts.split():
        module = importlib.import_module(f"{library}.{part}")
        public = [name for name in dir(module) if not name.startswith("_")]
        for name in public:
            text = inspect.getdoc(getattr(module, name)) or ""
            if len(text) > 300 and not inspect.ismodule(getattr(module, name)):
                found.setdefault(text, (f"{library}.{part}", f"{library}.{part}.{name}"))
texts = list(found)
part_of, names = map(np.array, zip(*found.values(), strict=True))
words = TfidfVectorizer(
    min_df=3, max_features=4000, sublinear_tf=True, stop_words="english", dtype=np.float32
)
X = words.fit_transform(texts)
print(f"{X.shape[0]} texts, {X.shape[1]} words, {X.nnz / X.shape[0]:.0f} of them in a text")

# %%
# A few numbers of each text
# --------------------------
# A fifth of the texts is held out, to see how much of a new one is kept. Twenty straight directions
# keep little of thousands of words; curved ones keep more. Neighbors are another question, to be
# asked of your own texts: here curved codes have the better ones, of shorter texts they did not.

new = np.arange(len(texts)) % 5 == 0
samples = X[new].toarray()
spread = np.square(samples - X[~new].mean(axis=0)).sum()
codes = {}
for model in (
    TruncatedSVD(20, random_state=0),
    AutoencoderTransformer(20, max_iter=12, random_state=0),
):
    begin = perf_counter()
    model.fit(X[~new])
    seconds = perf_counter() - begin
    name = type(model).__name__
    kept = 1 - np.square(samples - model.inverse_transform(model.transform(X[new]))).sum() / spread
    codes[name] = model.transform(X)
    accuracy = cross_val_score(KNeighborsClassifier(5), codes[name], part_of).mean()
    print(f"{name:<24} keeps {kept:.3f} of new texts, 5-NN {accuracy:.3f}, {seconds:.1f} s")

# %%
# Bits, and what is found by them
# -------------------------------
# One pipeline takes sparse samples and gives the nearest codes. For texts a smaller ``far_weight``
# than for images is better: the nearest few count, not the kind.

k = 6
pipe = make_pipeline(
    SemanticHasher(64, far_weight=0.5, max_iter=12, random_state=0), HammingIndex(k)
).fit(X)
nearest = pipe.transform(X).indices.reshape(-1, k)
for name in (
    "scipy.stats.ttest_ind",
    "numpy.linalg.solve",
    "sklearn.ensemble.RandomForestRegressor",
):
    if name in names:
        others = nearest[np.flatnonzero(names == name)[0]]
        print(f"{name}: {', '.join(names[i] for i in others if names[i] != name)}")
question = words.transform(["frequencies of a signal by the Fourier transform"])
print(f"a question: {', '.join(names[pipe.transform(question).indices])}")

# %%
# The texts in a plane
# --------------------

largest = [part for part, _ in Counter(part_of).most_common(8)]
figure, axes = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
for ax, (name, values) in zip(axes, codes.items(), strict=True):
    plane = TSNE(random_state=0).fit_transform(values)
    ax.scatter(*plane.T, s=4, color="0.85")
    for part in largest:
        ax.scatter(*plane[part_of == part].T, s=6, label=part)
    ax.set(title=name, xticks=[], yticks=[])
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right", markerscale=3)

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
picture = folder / "texts.png"
figure.savefig(picture, dpi=120)
print(f"\npicture: {picture}")
print(f"done in {perf_counter() - started:.0f} s")
