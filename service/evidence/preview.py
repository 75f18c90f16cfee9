"""Small pictures for pages and PDFs: made anew from the pixels, so that nothing else of the original travels along.

A picture that cannot be decoded is no reason to refuse it. Somebody with a half-saved screenshot at 23:00 loses
nothing: the original is kept, there is no preview, and `examine` says so.
"""

import io
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from PIL import Image, ImageCms, ImageOps

from service.evidence.sniff import GIF, JPEG, PNG, WEBP

LONGEST_SIDE = 1200
MOST_PIXELS = 16_000_000
MOST_PIXELS_OF_JPEG = 40_000_000
"""Its decoder can leave out what a small picture does not need, and so never makes more than 16 million of them."""
MOST_SIDE = 65_535
QUALITY = 82
FULL_QUALITY = 95

# Each kind is given to its own decoder alone: none of Pillow's forty others should meet a stranger's file.
DECODERS = {PNG: "PNG", JPEG: "JPEG", WEBP: "WEBP", GIF: "GIF"}

# One at a time in a process: a picture of 16 megapixels takes up to 300 megabytes while it is made small. And all in
# one thread: what a thread has freed, the C library keeps for that thread, and ten of them would keep it ten times.
_one_at_a_time = ThreadPoolExecutor(1, "amends-preview")


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

    None for what is not a picture, and for a picture that is broken, cut short, or larger than 16 megapixels (a JPEG:
    40, unless it is progressive): its size is read from its header, and nothing is decoded. Takes up to seconds: call
    it outside any transaction.
    """
    decoder = DECODERS.get(media_type)
    return _one_at_a_time.submit(_preview, content, decoder).result() if decoder else None


def _preview(content: bytes, decoder: str) -> Preview | None:
    try:
        with Image.open(io.BytesIO(content), formats=[decoder]) as picture:
            width, height = picture.size
            # A progressive JPEG is held whole before any of it can be left out.
            skips = decoder == "JPEG" and "progressive" not in picture.info
            if width * height > (MOST_PIXELS_OF_JPEG if skips else MOST_PIXELS) or max(width, height) > MOST_SIDE:
                return None
            return _encoded(_flat(_upright(_small(picture))))
    except Exception:  # noqa: BLE001 - decoders raise nearly anything on hostile bytes; none of it is our fault
        return None


def _small(picture: Image.Image) -> Image.Image:
    picture = _in_colours(picture)
    # Lets the JPEG decoder skip what the small picture does not need: no side comes out at 3,600 pixels or more.
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS, reducing_gap=1.5)
    return picture


def _in_colours(picture: Image.Image) -> Image.Image:
    """Out of a palette or sixteen bits of grey; anything else as it lies, and not decoded yet."""
    if picture.mode in ("P", "PA", "1"):
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    elif picture.mode.startswith("I"):
        # Sixteen bits of grey: Pillow would cut them off at 255 and show a white page.
        picture = picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
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


def bare(content: bytes, media_type: str) -> tuple[bytes, str] | None:
    """A picture in its full size, of its pixels alone, and of which kind it is then: a JPEG stays one, all else is PNG.

    Where, when and with what it was taken is left behind. None for what has no preview, and for a JPEG of more than 16
    megapixels. Takes up to seconds: call it outside any transaction.
    """
    decoder = DECODERS.get(media_type)
    return _one_at_a_time.submit(_bare, content, decoder).result() if decoder else None


def _bare(content: bytes, decoder: str) -> tuple[bytes, str] | None:
    try:
        with Image.open(io.BytesIO(content), formats=[decoder]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return None
            made, kind = io.BytesIO(), JPEG if decoder == "JPEG" else PNG
            _flat(_upright(_in_colours(picture))).save(made, DECODERS[kind], quality=FULL_QUALITY)
            return made.getvalue(), kind
    except Exception:  # noqa: BLE001 - whatever a broken file brings up, its readers are warned instead
        return None
