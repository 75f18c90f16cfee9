"""Small pictures for pages and PDFs: made anew from the pixels, so that nothing else of the original travels along.

A picture that cannot be decoded is no reason to refuse it. Somebody with a half-saved screenshot at 23:00 loses
nothing: the original is kept, there is no preview, and `examine` says so.
"""

import io
import threading
from typing import NamedTuple

from PIL import Image, ImageCms, ImageOps

from service.evidence.sniff import GIF, JPEG, PNG, WEBP

LONGEST_SIDE = 1200
MOST_PIXELS = 40_000_000
MOST_SIDE = 65_535
QUALITY = 82

# Each kind is given to its own decoder alone: none of Pillow's forty others should meet a stranger's file.
DECODERS = {PNG: "PNG", JPEG: "JPEG", WEBP: "WEBP", GIF: "GIF"}

# One at a time in a process: a picture of 40 megapixels takes a few hundred megabytes while it is decoded.
_one_at_a_time = threading.Lock()


class Preview(NamedTuple):
    """A JPEG without any metadata; width and height in pixels."""

    jpeg: bytes
    width: int
    height: int


def has_preview(media_type: str) -> bool:
    """Whether files of this kind are pictures, and so should have a preview."""
    return media_type in DECODERS


def preview(content: bytes, media_type: str) -> Preview | None:
    """The first frame, upright, flattened on white, in sRGB, no side over 1,200 pixels; as a JPEG without metadata.

    None for what is not a picture, and for a picture that is broken, cut short, or larger than 40 megapixels: its size
    is read from its header, and nothing is decoded. Takes up to seconds: call it outside any transaction.
    """
    decoder = DECODERS.get(media_type)
    if decoder is None:
        return None
    try:
        with _one_at_a_time, Image.open(io.BytesIO(content), formats=[decoder]) as picture:
            width, height = picture.size
            if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE:
                return None
            return _encoded(_flat(_upright(_small(picture))))
    except Exception:  # noqa: BLE001 - decoders raise nearly anything on hostile bytes; none of it is our fault
        return None


def _small(picture: Image.Image) -> Image.Image:
    if picture.mode in ("P", "PA", "1"):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    elif picture.mode.startswith("I"):
        # Sixteen bits of grey: Pillow would cut them off at 255 and show a white page.
        picture = picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    # Lets the JPEG decoder skip what the small picture does not need.
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return picture


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # noqa: BLE001 - as above: a picture whose metadata is broken is shown as it lies
        return picture


def _flat(picture: Image.Image) -> Image.Image:
    """In sRGB on white, as a picture that has never had any metadata."""
    profile = picture.info.get("icc_profile")
    alpha = None
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        alpha = picture.getchannel("A")
        picture = picture.convert("RGB")
    colours = _in_srgb(picture, profile)
    page = Image.new("RGB", colours.size, "white")
    page.paste(colours, mask=alpha)
    return page


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
        except Exception:  # noqa: BLE001 - as above: a broken profile costs the right colours, not the picture
            converted = None
        if converted is not None:
            return converted
    return picture.convert("RGB")


def _encoded(picture: Image.Image) -> Preview:
    made = io.BytesIO()
    picture.save(made, "JPEG", quality=QUALITY, optimize=True)
    return Preview(made.getvalue(), picture.width, picture.height)
