"""The explorer's page: what is written into it, and what it does in a browser (Chromium, where one is installed)."""

import base64
import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from firth import Vectors
from firth.cli import main
from firth.errors import FirthError, OptionError
from firth.plots.clusters import name_clusters
from firth.plots.explorer import page as explorer_page
from firth.plots.explorer import write_explorer
from firth.spelling import UnknownWordError

FOLDER = Path(explorer_page.__file__).parent
MARKUP = "<script>alert(1)</script>"
STRANGE = [MARKUP, "</script><!--", "\"quoted\" & 'so'", "<img src=x onerror=alert(2)>", "{{codes}}", "\u200b", "a,b"]
FOREIGN = ["ملك", "מלך", "国王", "Zürich", "İstanbul"]


def planted():
    """Words around six topics; king - man + woman is queen; counts fall from word to word."""
    generator = np.random.default_rng(7)
    royal, female, food = np.eye(24)[:3]
    plain = {"man": [0.0], "woman": female, "king": royal, "queen": royal + female, "breakfast": food, "cereal": food}
    plain |= {"dinner": food, "lunch": food, "music": np.eye(24)[3]}
    words = [*plain, *STRANGE, *FOREIGN, *(f"word{number}" for number in range(60))]
    topics = generator.normal(size=(6, 24))
    matrix = [
        plain.get(word, topics[row % 6]) + np.eye(24)[8] * (row < 4) + generator.normal(scale=0.1, size=24)
        for row, word in enumerate(words)
    ]
    return Vectors(words, matrix, np.arange(len(words), 0, -1) * 10)


VECTORS = planted()


def block(page, name):
    """The text of one of the page's blocks."""
    return re.search(
        rf'<script type="[^"]+"(?: id="{name}")?>(.*?)</script>', page[page.index(f'id="{name}"') - 40 :], re.S
    )[1]


def contents_of(path):
    return json.loads(block(path.read_text(), "contents"))


def test_the_page_holds_words_counts_places_and_unit_vectors(tmp_path):
    made = write_explorer(VECTORS, tmp_path / "page.html", title="Ours")
    text = (tmp_path / "page.html").read_text()
    contents = contents_of(tmp_path / "page.html")
    assert (made.words, made.layout, made.bytes) == (len(VECTORS), "pca", len(text.encode()))
    assert contents["words"] == VECTORS.words
    assert contents["counts"] == VECTORS.counts.tolist()
    assert (contents["title"], contents["dimensions"]) == ("Ours", 24)
    assert len(contents["groupOf"]) == len(VECTORS)
    assert made.groups == len(contents["groups"]) == max(contents["groupOf"]) + 1
    codes = np.frombuffer(base64.b64decode(block(text, "codes")), np.int8).reshape(-1, 24)
    scales = np.frombuffer(base64.b64decode(block(text, "scales")), "<f4")
    units = VECTORS.matrix / np.linalg.norm(VECTORS.matrix, axis=1, keepdims=True)
    np.testing.assert_allclose(codes * scales[:, np.newaxis], units, atol=0.004)
    places = np.frombuffer(base64.b64decode(block(text, "places")), "<f4").reshape(-1, 2)
    assert places.shape == (len(VECTORS), 2)
    assert np.abs(places).max() == pytest.approx(1)


def test_the_same_vectors_give_the_same_bytes(tmp_path):
    for name in "ab":
        write_explorer(VECTORS, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_no_word_or_title_can_end_the_block_it_stands_in(tmp_path):
    path = tmp_path / "page.html"
    write_explorer(VECTORS, path, title=MARKUP)
    text = path.read_text()
    assert MARKUP not in text
    assert len(re.findall("<script", text)) == len(re.findall("</script>", text)) == 5
    assert "<!--" not in text
    assert contents_of(path)["words"] == VECTORS.words
    assert contents_of(path)["title"] == MARKUP


def test_the_policy_names_the_scripts_and_styles_own_checksums(tmp_path):
    write_explorer(VECTORS, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag, directive in (("script", "script-src"), ("style", "style-src")):
        inline = re.search(rf'<{tag}(?: type="module")?>(.*?)</{tag}>', text, re.S)[1]
        checksum = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{directive} 'sha256-{checksum}'" in policy


def test_scripts_are_small_import_what_stands_before_and_never_make_markup():
    earlier = set()
    for name in explorer_page.SCRIPTS:
        text = (FOLDER / f"{name}.js").read_text()
        assert len(text.splitlines()) < 400, name
        imports = re.findall(r'^import .* from "\./(\w+)\.js";$', text, re.M)
        assert set(imports) <= earlier, name
        assert text.count("import ") == len(imports), name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function", text), (
            name
        )
        earlier.add(name)
    assert {path.stem for path in FOLDER.glob("*.js")} == earlier
    assert not re.search(r"\bimport\b|\bexport\b", explorer_page._script())
    assert not re.search(r"\son\w+=|\sstyle=|javascript:", (FOLDER / "page.html").read_text())


def test_words_stand_by_count_and_without_counts_as_they_are(tmp_path):
    words, matrix = ["rare", "often", "most"], np.eye(3)
    write_explorer(Vectors(words, matrix, [1, 5, 9]), tmp_path / "page.html", words=2)
    assert contents_of(tmp_path / "page.html")["words"] == ["most", "often"]
    write_explorer(Vectors(words, matrix, [1, 5, 9]), tmp_path / "page.html", words=["rare", "most"])
    assert contents_of(tmp_path / "page.html")["words"] == ["most", "rare"]
    write_explorer(Vectors(words, matrix), tmp_path / "page.html", words=10)
    contents = contents_of(tmp_path / "page.html")
    assert (contents["words"], contents["counts"]) == (words, None)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"words": 0}, OptionError, "words is 0"),
        ({"words": ["king", "kinng"]}, UnknownWordError, "did you mean king"),
        ({"words": ["king", "king"]}, OptionError, "'king' is there twice"),
        ({"layout": "globe"}, OptionError, "must be one of pca, umap, tsne, auto"),
        ({"seed": -1}, OptionError, "seed is -1"),
    ],
)
def test_what_can_not_be_shown_is_a_sentence_and_leaves_nothing(tmp_path, options, error, said):
    with pytest.raises(error, match=said):
        write_explorer(VECTORS, tmp_path / "page.html", **options)
    assert not list(tmp_path.iterdir())


def test_a_page_that_can_not_be_written_is_named(tmp_path):
    with pytest.raises(FirthError, match=r"cannot write .*nowhere"):
        write_explorer(VECTORS, tmp_path / "nowhere" / "page.html")


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """What is written for 20,000 words of 300 dimensions; groups by two alone, as all take long where none are."""
    words = [f"word{number}" for number in range(20_000)]
    vectors = Vectors(words, np.random.default_rng(1).normal(size=(20_000, 300)), np.arange(20_000, 0, -1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(explorer_page, "name_clusters", lambda matrix, words, **_: name_clusters(matrix[:, :2], words, 7))
        return write_explorer(vectors, tmp_path_factory.mktemp("large") / "page.html", layout="pca")


@pytest.mark.slow
def test_twenty_thousand_words_of_300_dimensions_take_less_than_12_megabytes(large):
    assert large.bytes < 12e6


@pytest.fixture
def file(tmp_path):
    VECTORS.save(tmp_path / "ours.safetensors", dtype="int8")
    return tmp_path / "ours.safetensors"


def firth(capsys, *arguments):
    code = main([str(each) for each in arguments])
    return (code, *capsys.readouterr())


def test_the_command_says_what_it_wrote(capsys, tmp_path, file):
    out = tmp_path / "new" / "page.html"
    code, said, err = firth(capsys, "explore", file, "-o", out, "-n", "30", "--quiet")
    assert (code, err) == (0, "")
    assert said.startswith("30 words, placed by principal components, 0.1 MB: ")
    assert contents_of(out)["title"] == "ours"
    code, said, _ = firth(capsys, "explore", file, "-o", out, "--title", "X", "--layout", "pca", "--json")
    answer = json.loads(said)
    assert answer["path"] == str(out)
    assert (answer["words"], answer["layout"], answer["bytes"]) == (len(VECTORS), "pca", out.stat().st_size)


def test_the_command_shows_the_words_of_a_file(capsys, tmp_path, file):
    (tmp_path / "words.txt").write_text("queen\n\nking\r\nqueen\n国王\n")
    arguments = ("explore", file, "-o", tmp_path / "page.html", "--words", tmp_path / "words.txt")
    assert firth(capsys, *arguments)[0] == 0
    assert contents_of(tmp_path / "page.html")["words"] == ["king", "queen", "国王"]
    (tmp_path / "words.txt").write_text("queen\nkinng\n")
    code, _, err = firth(capsys, *arguments, "--quiet")
    assert code == 1
    assert f"{tmp_path / 'words.txt'}, line 2: the word 'kinng' is not in the vocabulary: did you mean king" in err


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["-n", "0"], 2, "-n is 0"),
        (["--layout", "globe"], 2, "must be one of pca"),
        (["-n", "5", "--words", "x"], 2, "not both"),
        (["--words", "absent.txt"], 1, "cannot read absent.txt"),
        (["--words", "empty.txt"], 1, "empty.txt holds no words"),
        (["--words", "latin.txt"], 1, "latin.txt is no text in UTF-8"),
        (["--out", "."], 2, "is a folder"),
    ],
)
def test_wrong_options_are_a_sentence(capsys, tmp_path, monkeypatch, file, options, code, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.txt").write_text("\n")
    (tmp_path / "latin.txt").write_bytes(b"Z\xfcrich\n")
    ended, out, err = firth(capsys, "explore", file, "--quiet", *options)
    assert (ended, out) == (code, "")
    assert said in err
    assert err.count("\n") == 1
    assert not list(tmp_path.glob("*.html"))


# ---- in a browser


@pytest.fixture(scope="module")
def browser():
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if executable is None:
        pytest.skip("no chromium, chromium-browser or google-chrome is on the PATH: the page is not tried")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: the page is not tried")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=executable)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("explorer") / "page.html"
    write_explorer(VECTORS, path, title=f"Test {MARKUP}")
    return path.as_uri()


@pytest.fixture
def visit(browser):
    """Open an address; whatever the test does there, nothing is loaded, refused or wrong at its end."""
    opened = []

    def visit(url, **options):
        context = browser.new_context(
            **{"viewport": {"width": 1200, "height": 800}, "reduced_motion": "reduce"} | options
        )
        page = context.new_page()
        page.faults = []
        page.on(
            "request", lambda request: request.url.startswith(("file:", "data:")) or page.faults.append(request.url)
        )
        page.on("console", lambda message: page.faults.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("dialog", lambda dialog: (page.faults.append(dialog.message), dialog.dismiss()))
        page.add_init_script(
            "addEventListener('securitypolicyviolation', (event) => console.error('refused', event.violatedDirective))"
        )
        page.goto(url)
        opened.append((context, page))
        return page

    yield visit
    for context, page in opened:
        page.wait_for_timeout(20)
        faults = page.faults
        context.close()
        assert faults == []


def shows(page, word):
    """Wait until the page shows a word, or none."""
    from playwright.sync_api import expect

    heading = page.locator("#word-card h2")
    if word is None:
        expect(heading).to_have_count(0)
    else:
        expect(heading).to_have_text(word, use_inner_text=False)


def says(page, selector, text):
    """Wait until a part of the page says something."""
    from playwright.sync_api import expect

    expect(page.locator(selector).first).to_contain_text(text)


def answers(page, panel="word"):
    """Words and cosines that the page shows."""
    box = page.locator("#word-card" if panel == "word" else f"#{panel}-answer")
    box.locator(".answers").wait_for()
    words = [word.replace("‹200B›", "\u200b") for word in box.locator(".answers bdi").all_text_contents()]
    numbers = [float(each.replace("−", "-")) for each in box.locator(".answers .number").all_text_contents()]
    return list(zip(words, numbers, strict=True))


def points_by_pointer(page):
    """Where the pointer finds a point: word to pixel, from a grid over the map."""
    return page.evaluate(
        """() => {
          const found = {};
          const map = document.getElementById("map"), box = document.getElementById("hover");
          for (let y = 4; y < innerHeight; y += 6) for (let x = 360; x < innerWidth - 70; x += 6) {
            map.dispatchEvent(new PointerEvent("pointermove", {pointerId: 9, clientX: x, clientY: y}));
            if (!box.hidden) found[box.querySelector("bdi").textContent] ??= [x, y];
          }
          map.dispatchEvent(new PointerEvent("pointerleave"));
          return found;
        }"""
    )


TOLERANCE = 0.012
"""Of a cosine of vectors rounded to int8, shown with two digits."""


def same_neighbors(shown, every):
    """What is shown are the first of every answer, cosines within the tolerance; only near equals may change places."""
    true, shown_words = dict(every), [word for word, _ in shown]
    np.testing.assert_allclose([cosine for _, cosine in shown], [true[word] for word in shown_words], atol=TOLERANCE)
    expected = every[: len(shown)]
    np.testing.assert_allclose([true[word] for word in shown_words], [cosine for _, cosine in expected], atol=TOLERANCE)
    surely = {word for word, cosine in expected if cosine > expected[-1][1] + TOLERANCE}
    assert surely <= set(shown_words)
    assert len(set(shown_words)) == len(shown)


def test_searching_completes_and_shows_the_nearest_words_that_firth_finds(visit, address):
    page = visit(address)
    page.fill("#search", "que")
    assert page.locator("#search-offers [role=option] bdi").all_text_contents() == ["queen"]
    page.fill("#search", "wor")
    assert page.locator("#search-offers [role=option]").count() == 8
    page.fill("#search", "QUEEN")
    page.keyboard.press("Enter")
    shows(page, "queen")
    assert page.url.endswith("#word=queen")
    assert len(answers(page)) == 15
    same_neighbors(answers(page), VECTORS.most_similar("queen", n=100))
    says(page, "#word-card .facts", "rank 4 of 81 · seen 780 times")
    page.locator("#word-card .answers button").first.click()
    shows(page, "woman")
    assert page.url.endswith("#word=woman")
    page.go_back()
    shows(page, "queen")


def test_neighbors_of_every_word_are_those_of_most_similar(visit, address):
    page = visit(address)
    for word in VECTORS.words[::4]:
        page.evaluate("word => { location.hash = `word=${encodeURIComponent(word)}`; }", word)
        shows(page, word)
        same_neighbors(answers(page), VECTORS.most_similar(word, n=100))


def test_a_click_on_a_point_shows_its_neighbors_and_a_click_beside_clears(visit, tmp_path):
    words = ["up", "down", "left", "right"]
    write_explorer(Vectors(words, [[0, 3], [0.1, -3], [-4, 0], [4, 0.2]]), tmp_path / "page.html")
    page = visit((tmp_path / "page.html").as_uri())
    points = points_by_pointer(page)
    assert set(points) == set(words)
    page.mouse.move(*points["down"])
    assert page.locator("#hover bdi").text_content() == "down"
    page.mouse.click(*points["down"])
    shows(page, "down")
    assert len(answers(page)) == 3
    free = next((x, y) for x in range(400, 1000, 30) for y in range(60, 700, 30)
                if all(abs(x - px) + abs(y - py) > 120 for px, py in points.values()))  # fmt: skip
    page.mouse.click(*free)
    shows(page, None)


def test_a_search_brings_its_word_into_view_and_a_click_leaves_the_map_where_it_is(visit, tmp_path):
    words = [f"word{number}" for number in range(12)]
    matrix = np.random.default_rng(2).normal(size=(12, 2))
    write_explorer(Vectors(words, matrix), tmp_path / "page.html")
    page = visit((tmp_path / "page.html").as_uri())
    before = points_by_pointer(page)
    word, (x, y) = next(iter(before.items()))
    page.mouse.click(x, y)
    shows(page, word)
    assert points_by_pointer(page).keys() == before.keys()
    page.mouse.move(900, 500)
    page.mouse.down()
    page.mouse.move(700, 300)
    page.mouse.move(-4000, -4000)
    page.mouse.up()
    assert "word3" not in points_by_pointer(page)
    page.fill("#search", "word3")
    page.keyboard.press("Enter")
    shows(page, "word3")
    x, y = points_by_pointer(page)["word3"]
    assert abs(x - (346 + 1140) / 2) < 40
    assert abs(y - 400) < 40


def test_an_analogy_has_the_answers_of_firth(visit, address):
    page = visit(address)
    page.click("#tab-analogy")
    for field, word in zip("abc", ("man", "king", "woman"), strict=True):
        page.fill(f"#analogy-{field}", word)
    page.keyboard.press("Enter")
    assert answers(page, "analogy")[0][0] == "queen"
    assert page.url.endswith("#analogy=man,king,woman")
    same_neighbors(answers(page, "analogy"), VECTORS.analogy("man", "king", "woman", n=100))
    page.fill("#analogy-c", "womann")
    page.keyboard.press("Enter")
    says(page, "#analogy-answer", "“womann” is not among the 81 words")
    page.locator("#analogy-answer button", has_text="woman").click()
    answers(page, "analogy")
    assert page.url.endswith("#analogy=man,king,woman")


def test_the_odd_one_out_is_that_of_firth(visit, address):
    page = visit(address)
    page.click("#tab-odd")
    asked = ["breakfast", "music", "cereal", "dinner"]
    page.fill("#odd-words", " ".join(asked))
    page.keyboard.press("Enter")
    assert answers(page, "odd")[0][0] == VECTORS.odd_one_out(asked) == "music"
    assert page.url.endswith("#odd=breakfast,music,cereal,dinner")
    page.fill("#odd-words", "king queen")
    page.click("#odd-form button")
    says(page, "#odd-answer", "three words or more")


def test_a_word_of_markup_is_text_and_does_nothing(visit, address):
    page = visit(address)
    for word in STRANGE:
        page.fill("#search", word)
        page.keyboard.press("Enter")
        shows(page, "‹200B›" if word == "\u200b" else word)
        same_neighbors(answers(page), VECTORS.most_similar(word, n=100))
    assert page.evaluate("document.querySelectorAll('img, main script').length") == 0
    assert page.locator("h1").text_content() == f"Test {MARKUP}"


def test_words_of_every_script_are_found_and_keep_their_direction(visit, address):
    page = visit(address)
    for word in FOREIGN:
        page.fill("#search", {"Zürich": "zurich", "İstanbul": "istanbul"}.get(word, word[:2]))
        assert page.locator("#search-offers [role=option] bdi").first.text_content() == word
        page.keyboard.press("Enter")
        shows(page, word)
        heading = page.locator("#word-card h2 bdi")
        direction = "rtl" if word in FOREIGN[:2] else "ltr"
        assert heading.evaluate("bdi => getComputedStyle(bdi).direction") == direction


def test_a_link_can_be_copied(visit, address):
    page = visit(f"{address}#word=king")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_text("Copy link").click()
    says(page, "#word-card", "Copied")
    assert page.evaluate("navigator.clipboard.readText()") == page.url


def test_a_search_that_finds_nothing_says_so_and_offers_near_spellings(visit, address):
    page = visit(address)
    page.fill("#search", "xyzzyx")
    assert page.locator("#search-offers").text_content() == "No word here holds “xyzzyx”."
    page.keyboard.press("Enter")
    shows(page, None)
    page.fill("#search", "quen")
    says(page, "#search-offers", "Did you mean:queen")
    page.keyboard.press("Enter")
    shows(page, "queen")


def test_a_link_opens_at_its_word_and_a_link_to_no_word_says_so(visit, address):
    page = visit(f"{address}#word=%E5%9B%BD%E7%8E%8B")
    shows(page, "国王")
    assert page.title().startswith("国王 · ")
    page = visit(f"{address}#word=100%25%zz")
    says(page, "#word-card", "is not among the 81 words")
    page = visit(f"{address}#nonsense")
    says(page, "#word-card", "Search a word")


def test_everything_can_be_done_from_the_keyboard(visit, address):
    page = visit(address)
    focus = "document.activeElement.id"
    page.keyboard.press("/")
    assert page.evaluate(focus) == "search"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.type("word1")
    page.keyboard.press("ArrowDown")
    chosen = page.locator("#search-offers [aria-selected=true]")
    assert chosen.get_attribute("id") == page.get_attribute("#search", "aria-activedescendant")
    word = chosen.locator("bdi").text_content()
    assert word != "word1"
    page.keyboard.press("Enter")
    shows(page, word)
    assert page.locator("#spoken").text_content().startswith(f"{word}: nearest are ")
    page.keyboard.type("q")
    assert page.get_attribute("#search", "aria-expanded") == "true"
    page.keyboard.press("Escape")  # closes the list
    assert page.evaluate(focus) == "search"
    assert page.get_attribute("#search", "aria-expanded") == "false"
    page.keyboard.press("Escape")  # leaves the field
    assert page.evaluate(focus) == "map"
    page.keyboard.press("Escape")  # clears the word
    shows(page, None)
    page.keyboard.press("0")
    before = points_by_pointer(page)
    page.evaluate("document.getElementById('map').focus()")
    page.keyboard.press("+")
    assert points_by_pointer(page) != before
    page.keyboard.press("0")
    assert points_by_pointer(page) == before
    page.keyboard.press("ArrowLeft")
    assert points_by_pointer(page) != before
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()
    page.focus("#tab-word")
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focus) == "tab-analogy"
    for word in ("man", "king", "woman"):
        page.keyboard.press("Tab")
        page.keyboard.type(word)
    page.keyboard.press("Enter")
    assert answers(page, "analogy")[0][0] == "queen"


def test_every_control_has_a_name(visit, address):
    page = visit(f"{address}#word=king")
    nameless = page.evaluate(
        """() => [...document.querySelectorAll("button, input, summary, canvas[tabindex]")].filter((each) =>
             !(each.ariaLabel || each.labels?.length || each.textContent.trim())).map((each) => each.outerHTML)"""
    )
    assert nameless == []


def test_light_and_dark_follow_the_system_until_the_switch_is_used(visit, address):
    ground = "getComputedStyle(document.body).backgroundColor"
    page = visit(address, color_scheme="dark")
    dark = page.evaluate(ground)
    page.emulate_media(color_scheme="light")
    light = page.evaluate(ground)
    assert dark != light
    page.click("#theme")
    assert page.evaluate(ground) == dark
    assert page.get_attribute("#theme", "aria-pressed") == "true"
    page.reload()
    assert page.evaluate(ground) == dark
    corner = "[...document.getElementById('map').getContext('2d').getImageData(1, 1, 1, 1).data]"
    page.wait_for_timeout(60)
    assert f"rgb({', '.join(map(str, page.evaluate(corner)[:3]))})" == dark


def test_the_frequency_filter_and_a_group_leave_only_their_words(visit, address):
    page = visit(address)
    everything = set(points_by_pointer(page))
    page.locator("#to-rank").fill("500")
    fewer = set(points_by_pointer(page))
    assert page.locator("#frequency-shown").text_content() == "ranks 1 to 9"
    assert fewer <= {"man", "woman", "king", "queen", "breakfast", "cereal", "dinner", "lunch", "music"}
    page.locator("#from-rank").fill("900")  # pushes the other before it
    assert page.locator("#frequency-shown").text_content() == "ranks 52 to 52"
    page.locator("#from-rank").fill("0")
    page.locator("#to-rank").fill("1000")
    assert set(points_by_pointer(page)) == everything
    page.locator("#groups button").first.click()
    alone = set(points_by_pointer(page))
    assert alone < everything
    page.locator("#groups button").first.click()
    assert set(points_by_pointer(page)) == everything


SMALL = {
    "one word": (["one"], [[1.0, 2.0]]),
    "two words": (["one", "two"], [[1.0, 2.0], [2.0, 1.0]]),
    "three words": (["one", "two", "six"], [[1.0, 2.0], [2.0, 1.0], [0.5, 0.0]]),
    "one dimension": (["one", "two", "six"], [[1.0], [-2.0], [3.0]]),
    "zero vectors": (["one", "two", "six"], [[0.0, 0.0], [0.0, 0.0], [0.0, 1.0]]),
    "nothing but zeros": (["one", "two"], [[0.0], [0.0]]),
}


@pytest.mark.parametrize("case", SMALL)
def test_the_smallest_vectors_make_a_page_too(visit, tmp_path, case):
    words, matrix = SMALL[case]
    vectors = Vectors(words, matrix)
    write_explorer(vectors, tmp_path / "page.html")
    page = visit((tmp_path / "page.html").as_uri() + "#word=one")
    shows(page, "one")
    if not np.any(matrix[0]):
        says(page, "#word-card", "Its vector is zero")
    elif len(words) == 1:
        says(page, "#word-card", "no other word")
    else:
        same_neighbors(answers(page), vectors.most_similar("one"))
    page.keyboard.press("Escape")
    assert set(points_by_pointer(page)) <= set(words)
    assert points_by_pointer(page)


def test_on_a_phone_nothing_is_wider_than_the_screen(visit, address):
    page = visit(f"{address}#word=king", viewport={"width": 360, "height": 640}, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator("#word-card h2").is_visible()
    page.click("#fold")
    assert not page.locator("#word-card h2").is_visible()
    page.click("#tab-odd")
    assert page.locator("#odd-words").is_visible()


@pytest.mark.slow
def test_twenty_thousand_words_open_and_move(visit, capsys, large):
    page = visit(large.path.as_uri(), viewport={"width": 1440, "height": 900})
    loaded = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    frames = page.evaluate(
        """async () => {
          const map = document.getElementById("map"), began = performance.now();
          let frames = 0;
          for (; performance.now() - began < 2000; frames++) {
            await new Promise(requestAnimationFrame);
            map.dispatchEvent(new WheelEvent("wheel", {deltaY: 40 * Math.cos(frames / 25), clientX: 800, clientY: 450,
              cancelable: true}));
          }
          return frames / (performance.now() - began) * 1000;
        }"""
    )
    with capsys.disabled():
        print(f"\n20,000 words: open in {loaded / 1000:.2f} s, {frames:.0f} frames a second while zooming")  # noqa: T201
    page.keyboard.press("0")
    page.mouse.move(770, 450)
    says(page, "#hover", "rank ")
