"""The worlds of a run: what the points and concepts look like that its SAEs were trained on."""

from geosae.experiments import Results
from geosae.figures.run.captions import sample_sentence, sheet_name
from geosae.figures.save import Sheet
from geosae.figures.worlds import world_picture

FAMILY = "world"


def sheets(results: Results) -> list[Sheet]:
    """Return a picture per world: of the data set of its first finished cell, by concept."""
    drawn: list[Sheet] = []
    for world in results.worlds:
        cells = results.cells_of(world) or [result for result in results.cells if result.cell.world == world]
        picture = world_picture(results.dataset(cells[0]))
        caption = f"{picture.caption} {sample_sentence(results, world)}"
        name = sheet_name(FAMILY, results, world)
        drawn.append(Sheet(name, picture.figure, f"The world {world}", caption, picture.alt, world))
    return drawn
