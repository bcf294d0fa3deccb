"""The words that names are composed of, and the split of compositions into training and held-out."""

import re
import zlib

NOUNS = """price tax item count order stock unit rate score level page line word user group table cell row
node edge disk block frame pixel color shape width height depth weight mass speed hour day week month year
game team player goal round card deck hand coin bank fund loan debt cost bill cart shop brand box crate
shelf seat room floor door wall roof road lane train bus plane ship boat crew cargo fuel tank pump valve
pipe water rain wind snow cloud storm plant tree leaf root seed crop farm barn horse sheep goat bird egg
milk bread cake sugar salt meal dish plate cup glass bottle lamp light bulb wire cable plug motor gear
wheel brake tire hotel guest ticket visit claim grade class pupil book paper pencil desk chair""".split()

# "class" is a keyword of C#: it may not stand alone as a parameter.
NOUNS.remove("class")

OPERATORS = {
    "+": ["Add", "Sum", "Plus"],
    "-": ["Subtract", "Minus", "Less"],
    "*": ["Multiply", "Times", "Scale"],
    "/": ["Divide", "Split", "Share"],
}

COMPARISONS = {
    ">": ["Above", "Over"],
    "<": ["Below", "Under"],
    ">=": ["AtLeast"],
    "<=": ["AtMost"],
    "==": ["Equals", "Same"],
    "!=": ["Differs"],
}

CONSTANTS = ["Max", "Min", "Default", "Base", "First", "Last"]

USUAL_FOLDERS = ["src", "lib", "code", "core", "app", "main"]


def is_held_out(name: str) -> bool:
    """True for one composition in eight: such a name never occurs in training."""
    return zlib.crc32(name.encode()) % 8 == 0


def repeats(name: str) -> bool:
    """True when a word occurs twice in the name."""
    parts = [part.lower() for part in re.findall("[A-Z]?[a-z]+", name)]
    return len(parts) != len(set(parts))


def upper(word: str) -> str:
    return word[:1].upper() + word[1:]
