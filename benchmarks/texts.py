"""Real texts as TF-IDF: autoencoders beside PCA, hashes beside ITQ, with the defaults.

usage: texts.py [FOLDER] [--rows 16000] [--columns 6000]

The texts are the descriptions of Debian's packages, the classes its 20 largest sections. FOLDER
(default: ".") holds two files of a Debian mirror's dists/bookworm/main: i18n/Translation-en.xz and
binary-amd64/Packages.xz. A tenth of the rows drawn, at least 1,000, is neither learned from nor
searched in: these are the queries. Seeds 0, 1 and 2; the median counts.
"""

from __future__ import annotations

import argparse
import lzma
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np
from bars import Bar, report
from quality_neighbors import accuracy
from registry import timed_fit
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer

from skae import AutoencoderTransformer, SemanticHasher
from skae.hashing import mean_average_precision, precision_at_k

FILES = ("Translation-en.xz", "Packages.xz")
N_SECTIONS, LENGTH, SEEDS = 20, 32, (0, 1, 2)
#: Never worse than PCA, as quality row 12 has it; above ITQ, as row 8b has it.
RATIO, ABOVE = 1.01, 0.01


def paragraphs(path: Path) -> Iterator[dict[str, str]]:
    """The fields of each package; a field goes on in lines that begin with a space."""
    for paragraph in lzma.decompress(path.read_bytes()).decode().split("\n\n"):
        fields = paragraph.replace("\n ", " ").split("\n")
        yield dict(field.split(": ", 1) for field in fields if ": " in field)


def descriptions(folder: Path) -> tuple[list[str], np.ndarray]:
    """Descriptions, each once, and their sections."""
    texts_file, sections_file = (folder / name for name in FILES)
    sections = {
        fields.get("Package"): fields.get("Section") for fields in paragraphs(sections_file)
    }
    found = {
        fields["Description-en"]: sections.get(fields["Package"])
        for fields in paragraphs(texts_file)
        if "Description-en" in fields
    }
    largest = dict(Counter(filter(None, found.values())).most_common(N_SECTIONS))
    texts = [text for text, section in found.items() if section in largest]
    return texts, np.array([found[text] for text in texts])


def autoencoder_beside_pca(X, y, X_new, y_new) -> Iterator[Bar]:
    dense, dense_new = X.toarray(), X_new.toarray()
    pca = PCA(LENGTH, random_state=0).fit(dense)
    least = np.square(dense_new - pca.inverse_transform(pca.transform(dense_new))).mean()
    explained = 1 - least / np.square(dense_new - dense.mean(axis=0)).mean()
    ratios, accuracies, times = [], [], []
    for seed in SEEDS:
        model = AutoencoderTransformer(LENGTH, random_state=seed)
        times.append(timed_fit(model, X))
        rebuilt = model.inverse_transform(model.transform(X_new))
        ratios.append(np.square(dense_new - rebuilt).mean() / least)
        accuracies.append(accuracy(model.transform(X), y, model.transform(X_new), y_new))
    plain = accuracy(pca.transform(dense), y, pca.transform(dense_new), y_new)
    name = f"texts: {LENGTH} codes, error / PCA's (explains {explained:.3f})"
    yield Bar(name, median(ratios), RATIO, median(times))
    print(f"5-NN accuracy among the codes {median(accuracies):.4f}, PCA's {plain:.4f}")


def hashes_beside_itq(X, y, X_new, y_new) -> Iterator[Bar]:
    found: dict[str, list[tuple[float, ...]]] = {"ITQ": [], "as shipped": [], "far_weight=0.5": []}
    settings = {"ITQ": {"max_iter": 0}, "as shipped": {}, "far_weight=0.5": {"far_weight": 0.5}}
    for seed in SEEDS:
        for name, changes in settings.items():
            model = SemanticHasher(LENGTH, random_state=seed, **changes)
            seconds = timed_fit(model, X)
            task = (model.transform(X), y, model.transform(X_new), y_new)
            measures = (mean_average_precision(*task, k=1000), mean_average_precision(*task))
            nearest = (precision_at_k(*task, k=10), precision_at_k(*task, k=100))
            found[name].append((*measures, *nearest, seconds))
    middle = {name: np.median(values, axis=0) for name, values in found.items()}
    for i, measure in enumerate(("mAP@1000", "mAP, all rows")):
        bar = middle["ITQ"][i] + ABOVE
        name = f"texts: {LENGTH} bits, {measure} (ITQ {bar - ABOVE:.3f})"
        ours = middle["as shipped"]
        yield Bar(name, ours[i], bar, ours[-1], higher_is_better=True)
    for name, (top, every, ten, hundred, seconds) in middle.items():
        print(
            f"{name}: mAP@1000 {top:.4f}, all rows {every:.4f}; precision among the nearest 10 "
            f"{ten:.4f}, 100 {hundred:.4f}; {seconds:.0f} s"
        )


def measure(folder: Path, n_rows: int, n_columns: int) -> Iterator[Bar]:
    texts, sections = descriptions(folder)
    chosen = np.random.default_rng(0).permutation(len(texts))[:n_rows]
    new, old = np.split(chosen, [max(1000, n_rows // 10)])
    words = TfidfVectorizer(
        max_features=n_columns, min_df=3, sublinear_tf=True, stop_words="english", dtype=np.float32
    )
    X = words.fit_transform([texts[i] for i in old])
    X_new = words.transform([texts[i] for i in new])
    print(f"{X.shape[0]} x {X.shape[1]}, {X.nnz / X.shape[0]:.0f} words a text")
    task = (X, sections[old], X_new, sections[new])
    yield from autoencoder_beside_pca(*task)
    yield from hashes_beside_itq(*task)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path())
    parser.add_argument("--rows", type=int, default=16_000)
    parser.add_argument("--columns", type=int, default=6_000)
    chosen = parser.parse_args()
    missing = [name for name in FILES if not (chosen.folder / name).exists()]
    if missing:
        print(f"texts: skipped, {' and '.join(missing)} not in {chosen.folder} (see the usage)")
        return 0
    return report(measure(chosen.folder, chosen.rows, chosen.columns))


if __name__ == "__main__":
    sys.exit(main())
