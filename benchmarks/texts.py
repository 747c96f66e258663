"""TF-IDF of texts: autoencoder compared with PCA, hashing compared with ITQ, default parameters.

usage: texts.py [FOLDER] [--samples 16000] [--features 6000]

The texts are the descriptions of Debian's packages; the classes are its 20 largest sections. FOLDER
(default: ".") contains two files of a Debian mirror's dists/bookworm/main: i18n/Translation-en.xz
and binary-amd64/Packages.xz. A tenth of the samples, at least 1,000, is held out as queries. Seeds
0, 1 and 2; the median counts.
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
from quality_neighbors import accuracy
from registry import timed_fit
from sklearn.decomposition import PCA
from sklearn.feature_extraction.text import TfidfVectorizer
from targets import Result, report

from skae import AutoencoderTransformer, SemanticHasher
from skae.hashing import mean_average_precision, precision_at_k

FILES = ("Translation-en.xz", "Packages.xz")
N_SECTIONS, LENGTH, SEEDS = 20, 32, (0, 1, 2)
#: Largest error relative to PCA (as in quality row 12), and margin above ITQ (as in row 8b).
RATIO, MARGIN = 1.01, 0.01


def paragraphs(path: Path) -> Iterator[dict[str, str]]:
    """Yield the fields of each package; continuation lines of a field start with a space."""
    for paragraph in lzma.decompress(path.read_bytes()).decode().split("\n\n"):
        fields = paragraph.replace("\n ", " ").split("\n")
        yield dict(field.split(": ", 1) for field in fields if ": " in field)


def descriptions(folder: Path) -> tuple[list[str], np.ndarray]:
    """Return the deduplicated descriptions and their sections."""
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


def compare_with_pca(X, y, X_new, y_new) -> Iterator[Result]:
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
    accuracy_pca = accuracy(pca.transform(dense), y, pca.transform(dense_new), y_new)
    name = f"texts: {LENGTH} components, error / PCA (PCA explains {explained:.3f})"
    yield Result(name, median(ratios), RATIO, median(times))
    print(f"5-NN accuracy of the codes {median(accuracies):.4f}, of PCA {accuracy_pca:.4f}")


def compare_with_itq(X, y, X_new, y_new) -> Iterator[Result]:
    settings = {"ITQ": {"max_iter": 0}, "defaults": {}, "far_weight=0.5": {"far_weight": 0.5}}
    runs: dict[str, list[tuple[float, ...]]] = {name: [] for name in settings}
    for seed in SEEDS:
        for name, parameters in settings.items():
            model = SemanticHasher(LENGTH, random_state=seed, **parameters)
            seconds = timed_fit(model, X)
            task = (model.transform(X), y, model.transform(X_new), y_new)
            measures = (mean_average_precision(*task, k=1000), mean_average_precision(*task))
            nearest = (precision_at_k(*task, k=10), precision_at_k(*task, k=100))
            runs[name].append((*measures, *nearest, seconds))
    medians = {name: np.median(values, axis=0) for name, values in runs.items()}
    for i, measure in enumerate(("mAP@1000", "mAP, all samples")):
        itq, ours = medians["ITQ"][i], medians["defaults"]
        name = f"texts: {LENGTH} bits, {measure} (ITQ {itq:.3f})"
        yield Result(name, ours[i], itq + MARGIN, ours[-1], higher_is_better=True)
    for name, (top, every, ten, hundred, seconds) in medians.items():
        print(
            f"{name}: mAP@1000 {top:.4f}, mAP of all samples {every:.4f}; precision at 10 "
            f"{ten:.4f}, at 100 {hundred:.4f}; {seconds:.0f} s"
        )


def measure(folder: Path, n_samples: int, n_features: int) -> Iterator[Result]:
    texts, sections = descriptions(folder)
    drawn = np.random.default_rng(0).permutation(len(texts))[:n_samples]
    test, train = np.split(drawn, [max(1000, n_samples // 10)])
    words = TfidfVectorizer(
        max_features=n_features, min_df=3, sublinear_tf=True, stop_words="english", dtype=np.float32
    )
    X = words.fit_transform([texts[i] for i in train])
    X_new = words.transform([texts[i] for i in test])
    print(f"{X.shape[0]} x {X.shape[1]}, {X.nnz / X.shape[0]:.0f} words per text")
    task = (X, sections[train], X_new, sections[test])
    yield from compare_with_pca(*task)
    yield from compare_with_itq(*task)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=Path())
    parser.add_argument("--samples", type=int, default=16_000)
    parser.add_argument("--features", type=int, default=6_000)
    args = parser.parse_args()
    missing = [name for name in FILES if not (args.folder / name).exists()]
    if missing:
        print(f"texts: skipped, {' and '.join(missing)} not in {args.folder} (see the usage)")
        return 0
    return report(measure(args.folder, args.samples, args.features))


if __name__ == "__main__":
    sys.exit(main())
