"""Package, documentation, examples and benchmarks use the standard terms of the field.

Two checks: phrases that a standard term replaces do not occur, and the search of the documentation
finds the terms that users look for. To ban a phrase, extend `PHRASES`. If a phrase is right in one
file (the cells of a recurrent network, for example), add it to `ALLOWED` for that file.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SUFFIXES = {".md", ".py", ".rst"}
# written by Sphinx, sphinx-gallery and autosummary
GENERATED = re.compile(
    r"docs/(_build|auto_examples|api/(backreferences|skae\.)|sg_execution_times)"
)

# Phrase -> what to write instead. Phrases are whole words, case is ignored, and a space also
# matches a line break, with a comment sign after it. Words that are standard terms in other
# contexts (kept, start, rows) are restricted to the contexts in which they are wrong.
PHRASES = {
    # data
    r"(training|test|validation|new|noisy|clean|labeled|distinct) rows": "samples",
    r"held[- ]out (rows?|loss|losses|part|batch|batches)|(rows?|samples?) held out|held out of|"
    r"(nothing|none|no samples?) (is |are )?held out|hold(s|ing)? out": (
        "validation set, validation loss, test set"
    ),
    r"odd (row|sample|cell)s?|odder|oddest|oddness": "outlier, anomaly, anomaly score",
    r"cells?": "entry, feature value (recurrent networks have cells)",
    r"copies of each other|near copies": "near-duplicates",
    r"units of training": "standardized units",
    r"(come|give)s? back|came back|gave back|given back|gives? it back": "reconstruction",
    # training
    r"turns? of training": "epoch",
    r"pairs? of layers,? one after the other": "greedy layer-wise pretraining",
    r"linear path|path beside": "linear skip connection",
    r"PCA ends|(PCA|PCA's|random) start": "PCA initialization, random initialization",
    r"left alone|leaves? (it|them|both) alone": "not regularized, unchanged",
    r"keeps? [\w ]{0,30}honest": "makes the penalty invariant to ...",
    r"(go|goes|going|gone|went) on": "continue training (warm start), resume (checkpoint)",
    r"same bits|other bits|to the bit|bit for bit": "bitwise identical, deterministic",
    r"let(s|ting)? go of|heed(ed|s)?": "free, handle",
    r"memory of its own|room for|is room": "device memory, capacity",
    # benchmarks and comparisons
    r"by hand": "hand-written JAX baseline, manually",
    r"beside (other|its|their|peers|PCA|each other|another)": "compared with, in addition to",
    r"(a|the|no|each|every|its|this) bar(?! (chart|plot|is drawn))": "target",
    r"what is asked": "targets",
    r"[\"'] ?(SHORT|kept|not kept) ?[\"']|\| (kept|not kept) \|": "met, not met",
    # personification and figures of speech
    r"tells?|told|telling": "shows, contains, returns, distinguishes",
    r"knows|knew": "contains, stores, depends on",
    r"asks|asked": "requires, requests",
    r"hears?|heard": "receives",
    r"speaks?|spoken": "represents",
    r"remembers?|remembered": "stores",
    r"wants|wanted": "requires, expected",
    r"stands?|stood": "is, represents",
    r"hand(s|ed)? over|hands in|handed": "passes",
    r"answers? to": "is activated by",
    r"(do|does|did) not mind": "is robust to",
    r"distrust": "validation",
    r"(is|are|be|was|were) made of": "consists of, is computed from",
    r"wherever (it|they|that)": "translation-invariant, at any position",
    r"who (is left|wins|holds|speaks)": "the name of the function or of the mask",
    r"(is|are|be) had": "is available, is computed",
    r"what (the |a |an |its |each |their |one )?\w+( \w+)? (gives?|says?)": (
        "the name of the result: codes, reconstruction, activations, output"
    ),
    r"(is|are) no (number|float32|coin)s?": "overflows, is not a probability",
    r"sought|shall": "requested, must",
    # American spelling
    r"\w*(optim|regular|initial|standard|normal|general|special|minim|maxim|visual|summar|parallel|"
    r"vector|factor|random|serial|organ|recogn|real|util|token|discret|categor|binar|penal|quant|"
    r"memo|character|custom|priorit)is(e|ed|es|er|ers|ing|ation|ations)": "American: -ize",
    r"\w*(colour|neighbour|behaviour|favour)\w*": "American: -or",
    r"(cent|met)re[ds]?|centring|grey\w*|artefacts?|analyse[ds]?|whilst": "American spelling",
    r"(mode|labe|trave)ll(ed|ing)": "American spelling",
}
# Files in which words that a phrase matches are right.
ALLOWED = {
    # recurrent cells
    "docs/guide/autoencoders.md": {"cells"},
    "docs/guide/tuning.md": {"cells"},
    "docs/displays.md": {"cells"},
    "docs/networks.md": {"cell", "cells"},
    "docs/notes/networks.md": {"cells"},
    "skae/core/networks/recurrence.py": {"cell", "cells"},
    "skae/core/networks/weights.py": {"cell", "cells"},
    "skae/estimators/base/parameter_hints.py": {"cell"},
    "skae/estimators/recurrent.py": {"cell", "cells"},
    "skae/networks/recurrent.py": {"cell", "cells"},
    "examples/recurrent_image_rows.py": {"cell", "cells"},
    # a key of the fitted attribute `references_`
    "skae/meta/_loaded.py": {"cells"},
    "skae/meta/_detection.py": {"cells"},
    "skae/meta/outliers.py": {"cells"},
    "skae/objectives/outlyingness.py": {"cells"},
}
# A title names its subject and is neither a question nor a clause.
FIGURATIVE_TITLE = re.compile(r"((what|who|how|where|which|never|trust)\b.*|.*\?)", re.I)

# Terms that users search for.
TERMS = (
    "latent space",
    "embedding",
    "bottleneck",
    "dimensionality reduction",
    "manifold",
    "anomaly detection",
    "outlier",
    "overfit",
    "regularization",
    "early stopping",
    "validation set",
    "learning rate",
    "posterior collapse",
    "denoising",
    "imputation",
    "fine-tuning",
    "transfer learning",
    "semi-supervised",
)
# Terms that are in the title of a page or section.
TITLE_TERMS = (
    "anomaly detection",
    "posterior",
    "denoising",
    "transfer learning",
    "semi-supervised",
)


def compiled(phrase):
    words = phrase.replace(" ", r"\s+(?:#\s+)?")
    return re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.I)


PATTERNS = [(compiled(phrase), replacement) for phrase, replacement in PHRASES.items()]


def relative(path):
    return path.relative_to(ROOT).as_posix()


def files_of(part):
    """Text files of a folder, or a single file; of the package itself without its folders."""
    path = ROOT / part
    paths = path.glob("*") if part == "skae" else path.rglob("*") if path.is_dir() else [path]
    return sorted(p for p in paths if p.suffix in SUFFIXES and not GENERATED.match(relative(p)))


def problems_of(path):
    """``file:line: 'phrase' -> replacement`` for each banned phrase in a file."""
    text, name = path.read_text(encoding="utf-8"), relative(path)
    for pattern, replacement in PATTERNS:
        for match in pattern.finditer(text):
            phrase = " ".join(match[0].split())
            if phrase.lower() not in ALLOWED.get(name, ()):
                line = text.count("\n", 0, match.start()) + 1
                yield f"{name}:{line}: {phrase!r} -> {replacement}"


def titles_of(path):
    """Headings of a page; the title and the headings of an example."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        return re.findall(r"^#+ (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.M)
    heading = re.compile(r"^(?:# )?(\S[^\n]*)\n(?:# )?([=-])\2{3,}$", re.M)
    return [title for title, _ in heading.findall(text)]


PARTS = [
    *sorted(
        relative(path) for path in (ROOT / "skae").iterdir() if (path / "__init__.py").exists()
    ),
    "skae",
    "docs",
    "examples",
    "benchmarks",
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
]


@pytest.mark.parametrize("part", PARTS)
def test_standard_terms_are_used(part):
    problems = [problem for path in files_of(part) for problem in problems_of(path)]
    assert not problems, "\n".join([f"{len(problems)} phrases to replace:", *problems])


@pytest.mark.parametrize("part", ["docs", "examples", "README.md", "CONTRIBUTING.md"])
def test_titles_name_their_subject(part):
    titles = [(relative(path), title) for path in files_of(part) for title in titles_of(path)]
    assert titles
    problems = [f"{name}: {title}" for name, title in titles if FIGURATIVE_TITLE.fullmatch(title)]
    assert not problems, "\n".join(["name the subject in these titles:", *problems])


def test_the_allowances_are_needed():
    """A file that does not exist, or contains none of the words, needs no allowance."""
    for name, words in ALLOWED.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        used = any(re.search(rf"\b{word}\b", text, re.I) for word in words)
        assert used, f"remove from ALLOWED: {name}: {sorted(words)}"


# The pages alone, without reference and gallery, take a few seconds to build.
CONFIGURATION = """
extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
exclude_patterns = ["_build", "api", "auto_examples", "**/*.py", "guide/speed_table.md"]
suppress_warnings = ["*"]
html_theme = "basic"
"""


@pytest.fixture(scope="module")
def search_index(tmp_path_factory):
    """The index that the search of the built site reads: pages, titles and stemmed terms."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "conf.py").write_text(CONFIGURATION)
    command = [sys.executable, "-m", "sphinx", "-Q", "-b", "html", "-c", folder, ROOT / "docs"]
    subprocess.run([*command, folder / "html"], check=True, timeout=300)
    text = (folder / "html" / "searchindex.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))


def pages_with(index, term, key):
    """Pages on which the site's search finds all words of a term."""
    from sphinx.search.en import SearchEnglish

    stem = SearchEnglish({}).stem
    found = [index[key].get(stem(word.lower()), []) for word in re.findall(r"\w+", term)]
    numbers = [{pages} if isinstance(pages, int) else set(pages) for pages in found]
    return sorted(index["docnames"][number] for number in set.intersection(*numbers))


@pytest.mark.parametrize("term", TERMS)
def test_the_search_finds_the_term(search_index, term):
    assert pages_with(search_index, term, "terms") or pages_with(search_index, term, "titleterms")


@pytest.mark.parametrize("term", TITLE_TERMS)
def test_the_search_finds_the_term_in_a_title(search_index, term):
    assert pages_with(search_index, term, "titleterms")


def test_the_search_finds_no_term_that_does_not_occur(search_index):
    assert not pages_with(search_index, "xyzzy", "terms")
