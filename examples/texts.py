"""
=============================================
Text embedding and retrieval of similar texts
=============================================

TF-IDF represents a text by one feature per word, nearly all of them zero. skae accepts such sparse
matrices directly. :class:`skae.AutoencoderTransformer` computes a dense embedding, as
``TruncatedSVD`` does, and :class:`skae.SemanticHasher` computes binary codes for fast retrieval of
similar texts.

The texts are docstrings of the functions and classes of NumPy, SciPy and scikit-learn, so no
download is needed. Training uses no labels: the module of a function is only used for evaluation
and for the colors of the plot.
"""

# %%
# TF-IDF features of the deduplicated texts
# -----------------------------------------

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
MODULES = {
    "numpy": "fft linalg ma polynomial random",
    "scipy": "fft integrate interpolate linalg ndimage optimize signal sparse spatial special "
    "stats",
    "sklearn": "cluster datasets decomposition ensemble linear_model metrics model_selection "
    "neighbors pipeline preprocessing svm utils",
}
found = {}
for library, parts in MODULES.items():
    for part in parts.split():
        module = importlib.import_module(f"{library}.{part}")
        public = [name for name in dir(module) if not name.startswith("_")]
        for name in public:
            text = inspect.getdoc(getattr(module, name)) or ""
            if len(text) > 300 and not inspect.ismodule(getattr(module, name)):
                found.setdefault(text, (f"{library}.{part}", f"{library}.{part}.{name}"))
texts = list(found)
module_of, names = map(np.array, zip(*found.values(), strict=True))
words = TfidfVectorizer(
    min_df=3, max_features=4000, sublinear_tf=True, stop_words="english", dtype=np.float32
)
X = words.fit_transform(texts)
print(f"{X.shape[0]} texts, {X.shape[1]} words, {X.nnz / X.shape[0]:.0f} nonzero per text")

# %%
# Dense embeddings
# ----------------
# A fifth of the texts is held out to measure the explained variance of new texts. Twenty linear
# components explain little of the variance of thousands of words; a nonlinear embedding explains
# more. Whether its neighbors are better as well must be measured on your own texts: they are for
# these docstrings, and were not for shorter texts.

new = np.arange(len(texts)) % 5 == 0
X_new = X[new].toarray()
total = np.square(X_new - X[~new].mean(axis=0)).sum()
codes = {}
print(f"\n{'':<24}{'explained variance':>20}{'5-NN accuracy':>16}{'fit':>9}")
for model in (
    TruncatedSVD(20, random_state=0),
    AutoencoderTransformer(20, max_iter=12, random_state=0),
):
    start = perf_counter()
    model.fit(X[~new])
    seconds = perf_counter() - start
    name = type(model).__name__
    X_hat = model.inverse_transform(model.transform(X[new]))
    explained = 1 - np.square(X_new - X_hat).sum() / total
    codes[name] = model.transform(X)
    accuracy = cross_val_score(KNeighborsClassifier(5), codes[name], module_of).mean()
    print(f"{name:<24}{explained:>20.3f}{accuracy:>16.3f}{seconds:>7.1f} s")

# %%
# Retrieval with binary codes
# ---------------------------
# The pipeline maps sparse samples to their nearest neighbors. For texts, a smaller ``far_weight``
# than for images is better, because only the few nearest neighbors matter, not the whole class.

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
query = "frequencies of a signal by the Fourier transform"
results = names[pipe.transform(words.transform([query])).indices]
print(f"query {query!r}: {', '.join(results)}")

# %%
# Visualization of the embeddings by t-SNE
# ----------------------------------------
# Texts of the eight largest modules are colored.

largest = [module for module, _ in Counter(module_of).most_common(8)]
figure, axes = plt.subplots(1, 2, figsize=(12, 5), layout="constrained")
for ax, (name, values) in zip(axes, codes.items(), strict=True):
    embedding = TSNE(random_state=0).fit_transform(values)
    ax.scatter(*embedding.T, s=4, color="0.85")
    for module in largest:
        ax.scatter(*embedding[module_of == module].T, s=6, label=module)
    ax.set(title=name, xticks=[], yticks=[])
figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right", markerscale=3)

folder = Path(__file__).parent / "output" if "__file__" in globals() else Path("output")
folder.mkdir(exist_ok=True)
figure_path = folder / "texts.png"
figure.savefig(figure_path, dpi=120)
print(f"\nfigure: {figure_path}")
print(f"done in {perf_counter() - started:.0f} s")
