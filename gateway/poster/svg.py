"""The sheet as SVG: letters are outlines, so that it prints the same on a machine without the font."""

from xml.sax.saxutils import escape, quoteattr

from fontTools.pens.svgPathPen import SVGPathPen
from fontTools.pens.transformPen import TransformPen

from gateway.poster.sheet import Code, Mark, Sheet
from gateway.typography.marks import HEIGHT, WIDTH, Panel, Text
from gateway.typography.typeface import typeface


def svg(sheet: Sheet) -> bytes:
    """The file; it refers to nothing outside itself."""
    size = f'width="{WIDTH:g}mm" height="{HEIGHT:g}mm" viewBox="0 0 {WIDTH:g} {HEIGHT:g}"'
    lines = (
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" xml:lang="{sheet.language}" {size}>',
        f"<title>{escape(sheet.title)}</title>",
        f'<rect width="{WIDTH:g}" height="{HEIGHT:g}" fill="#ffffff"/>',
        *map(_drawn, sheet.marks),
        "</svg>\n",
    )
    return "\n".join(lines).encode()


def _drawn(mark: Mark) -> str:
    match mark:
        case Text():
            return f'<path role="img" aria-label={quoteattr(mark.text)} fill="{mark.colour}" d="{_outlines(mark)}"/>'
        case Panel():
            return _panel(mark)
        case Code():
            bars = "".join(f"M{x:.4f} {y:.4f}h{wide:.4f}v{high:.4f}h-{wide:.4f}z" for x, y, wide, high in mark.bars())
            return f'<path fill="#000000" shape-rendering="crispEdges" d="{bars}"/>'


def _outlines(line: Text) -> str:
    face = typeface(line.weight)
    pen = SVGPathPen(face.outlines, ntos=lambda number: f"{number:.3f}".rstrip("0").rstrip("."))
    scale = line.size / face.units
    for name, start in face.glyphs(line.text):
        placed = TransformPen(pen, (scale, 0, 0, -scale, line.x + start * line.size, line.y))
        face.outlines[name].draw(placed)
    return str(pen.getCommands())


def _panel(panel: Panel) -> str:
    place = f'x="{panel.x:g}" y="{panel.y:g}" width="{panel.width:g}" height="{panel.height:g}" rx="{panel.radius:g}"'
    if panel.line:
        return f'<rect {place} fill="none" stroke="{panel.colour}" stroke-width="{panel.line:g}"/>'
    return f'<rect {place} fill="{panel.colour}"/>'
