"""Real JPEG files of any size, drawn anew so that no two are alike."""

import io
import random

from PIL import Image, ImageDraw


def make_jpeg(seed: int = 0, width: int = 320, height: int = 400) -> bytes:
    chance = random.Random(seed)
    picture = Image.new("RGB", (width, height), (chance.randrange(256), 120, 140))
    draw = ImageDraw.Draw(picture)
    for _ in range(20):
        x, y = chance.randrange(width), chance.randrange(height)
        draw.ellipse((x, y, x + 40, y + 50), fill=(chance.randrange(256), chance.randrange(256), 90))
    content = io.BytesIO()
    picture.save(content, "JPEG", quality=85)
    return content.getvalue()
