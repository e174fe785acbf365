"""``daycast generate``: the same text again, prompts of every kind, and what cannot be asked for."""

import pytest

from tests.stories import AS_OF

pytestmark = pytest.mark.usefixtures("prefect_server")


def test_the_same_seed_gives_the_same_text_and_the_first_sample_is_the_default(written, command):
    first = command(written, "generate", "mine")
    assert (first.code, first.out) == (0, command(written, "generate", "mine").out)
    sample = written.table("texts")[0]
    assert first.out == f"{sample['prompt']}{sample['text']}\n"
    assert f"60 characters by {sample['forecaster']} of {sample['version']}, temperature 0.8, seed 7" in first.err
    assert "Next: daycast generate mine --seed 8" in first.err
    other = command(written, "generate", "mine", "--seed", "8")
    assert other.out == "".join((written.table("texts")[1]["prompt"], written.table("texts")[1]["text"], "\n"))


def test_a_prompt_a_length_and_how_it_is_drawn_are_as_asked(written, command):
    drawn = ("--prompt", "The dog ", "--length", "25", "--temperature", "0.01", "--top-k", "1", "--top-p", "0.5")
    told = command(written, "generate", "mine", *drawn)
    assert told.out.startswith("The dog ")
    assert len(told.out) == len("The dog ") + 25 + 1
    assert told.out == command(written, "generate", "mine", *drawn, "--seed", "99").out, "the most probable alone"


def test_characters_never_seen_are_left_out_and_told(written, command):
    told = command(written, "generate", "mine", "--prompt", "§天 The\x1b[31m", "--length", "5")
    assert told.code == 0
    assert told.out.startswith(" The")
    assert "of the prompt were never seen in training, and are left out: '§', '天'" in told.err
    assert "\x1b" not in told.out
    assert command(written, "generate", "mine", "--prompt", "", "--length", "5").code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("mein",), "A known pipeline is required: mine. Received: 'mein'. Did you mean 'mine'?"),
        (("prices",), "A pipeline that predicts text is required: mine. Received: prices, which predicts values."),
        (("mine", "--length", "0"), "A length from 1 to 1,000,000 is required. Received: 0."),
        (("mine", "--temperature", "-1"), "A temperature above 0, at most 100 is required. Received: -1.0."),
        (("mine", "--temperature", "nan"), "A temperature above 0, at most 100 is required. Received: nan."),
        (("mine", "--top-k", "0"), "A top_k above 0 is required. Received: 0."),
        (("mine", "--top-p", "1.5"), "A top_p above 0, at most 1 is required. Received: 1.5."),
        (("mine", "--seed", "-1"), "A seed 0 or more is required. Received: -1."),
        (("mine", "--prompt", "x" * 10_001), "A prompt of at most 10,000 characters is required. Received: 10,001."),
        (("mine", "--length", "many"), "Invalid value for '--length'"),
    ],
)
def test_what_cannot_be_asked_for_is_told_in_a_line(written, command, arguments, message):
    if arguments[0] == "prices":
        written.define("prices")
    told = command(written, "generate", *arguments)
    assert told.code == 2
    assert message in told.err
    assert told.out == ""


def test_without_a_champion_the_command_that_makes_one_is_told(written, command):
    told = command(written, "generate", "sample_mine")
    assert told.code == 1
    assert "A champion of sample_mine is required. Received: none serves. Make one with: daycast run" in told.err


def test_nothing_is_kept_of_what_was_asked_for(written, command):
    files = written.files()
    command(written, "generate", "mine", "--length", "5")
    assert written.files() == files
    assert written.table("runs")[0]["as_of"] == AS_OF
