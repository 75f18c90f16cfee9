"""The three ways in which what carries messages says no."""


class NotSent(Exception):
    """A message was not handed over; the text says why in plain words, without addresses or what a server said."""


class Away(NotSent):
    """Nothing can be handed over now, whatever it is: not reached, or our sign-in is not accepted."""


class Later(NotSent):
    """This message is not taken now; others may be."""


class Refused(NotSent):
    """This message will never be taken."""


def no_texts() -> Refused:
    """What a carrier of mail alone says of a text message."""
    return Refused("Text messages need GOV.UK Notify and a template for them")
