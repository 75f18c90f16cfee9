"""Pictures of posts that never were: drawn from plain shapes, so that nobody else's work is in them."""

import io

from PIL import Image, ImageDraw, ImageFont

WIDTH, MARGIN = 1080, 64
INK, GREY, LINE, BLUE = "#0b0c0c", "#505a5f", "#b1b4b6", "#1d70b8"


def picture_of_a_post(handle: str, text: str, when: str) -> bytes:
    """A PNG that looks like a phone's screenshot of a post. Letters the built-in font lacks are drawn as bars."""
    lines = _lines(text)
    height = 420 + 64 * len(lines)
    picture = Image.new("RGB", (WIDTH, height), "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, WIDTH, 72), fill="#f3f2f1")
    draw.text((MARGIN, 20), "A post", fill=GREY, font=ImageFont.load_default(30))
    draw.ellipse((MARGIN, 112, MARGIN + 96, 208), fill=BLUE)
    draw.text((MARGIN + 128, 120), handle, fill=INK, font=ImageFont.load_default(36))
    draw.text((MARGIN + 128, 170), when, fill=GREY, font=ImageFont.load_default(28))
    for place, line in enumerate(lines):
        _write(draw, line, 260 + 64 * place)
    foot = 300 + 64 * len(lines)
    draw.line((MARGIN, foot, WIDTH - MARGIN, foot), fill=LINE, width=2)
    for place, word in enumerate(("Reply", "Share", "Like")):
        draw.text((MARGIN + 340 * place, foot + 36), word, fill=GREY, font=ImageFont.load_default(30))
    made = io.BytesIO()
    picture.save(made, "PNG", compress_level=6)
    return made.getvalue()


def _lines(text: str, most: int = 42) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) >= most:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _write(draw: ImageDraw.ImageDraw, line: str, top: int) -> None:
    font = ImageFont.load_default(42)
    if line.isascii():
        draw.text((MARGIN, top), line, fill=INK, font=font)
        return
    left = MARGIN
    for word in line.split() or [line]:
        width = min(30 + 34 * len(word), WIDTH - MARGIN - left)
        if width > 20:
            draw.rounded_rectangle((left, top + 4, left + width, top + 44), radius=8, fill=LINE)
        left += width + 22
