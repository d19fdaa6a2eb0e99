"""Words without a subject, for texts that nobody reads."""

from __future__ import annotations

_TEXT = """
a an the this that each every some no one two three first last next good better best wrong right clear short
long old new small large simple hard quick slow true false answer question reason proof example number word
line list tree graph table page book river city north music colour sum product rest limit is was has gives
takes finds shows makes needs means holds begins ends grows falls moves counts reads and or but because so
then if when where while of in on to for with from by before after under over
"""
WORDS = tuple(_TEXT.split())
