import numpy as np
import pytest
from matplotlib.figure import Figure

from geosae.errors import InvalidInput
from geosae.figures import heatmap, render
from geosae.figures.heatmap import draw_heatmap, number


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_every_value_is_printed_and_the_first_row_is_at_the_bottom():
    figure = heatmap(np.array([[0.25, 0.5], [0.75, 1.0]]), ["8", "16"], ["1", "2"])
    ax = figure.axes[0]
    found = {
        (t.get_position()[0], round(t.get_position()[1])): t.get_text() for t in ax.texts if t.get_text()
    }
    assert found == {(0.5, 0): ".25", (1.5, 0): ".50", (0.5, 1): ".75", (1.5, 1): "1"}


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (6, 1), (20, 12)])
def test_all_unknown_is_drawn_as_dashes(shape: tuple[int, int]):
    rows, columns = shape
    figure = heatmap(np.full(shape, np.nan), [str(i) for i in range(rows)], [str(i) for i in range(columns)])
    assert texts(figure).count("–") == rows * columns
    assert render(figure, "png")


def test_baselines_stand_beside_on_the_same_scale():
    figure = heatmap(np.array([[0.1]]), ["8"], ["1"], baselines={"untrained": np.array([0.7])})
    cells = figure.axes[0].collections[0]
    alone = heatmap(np.array([[0.7]]), ["8"], ["1"]).axes[0].collections[0]
    assert cells.get_facecolors()[1].tolist() == alone.get_facecolors()[0].tolist()
    lefts = [path.vertices[:, 0].min() for path in cells.get_paths()]
    assert lefts[1] > lefts[0] + 1


def test_values_beyond_the_scale_keep_their_number():
    assert "4.1" in texts(heatmap(np.array([[4.1]]), ["8"], ["1"]))


def test_labels_that_do_not_fit_are_refused():
    with pytest.raises(InvalidInput, match="do not fit"):
        heatmap(np.zeros((2, 2)), ["8"], ["1", "2"])
    with pytest.raises(InvalidInput, match="untrained"):
        heatmap(np.zeros((1, 1)), ["8"], ["1"], baselines={"untrained": np.zeros(2)})
    with pytest.raises(InvalidInput, match="do not fit"):
        heatmap(np.zeros((0, 0)), [], [])


def test_numbers_are_short_and_never_round_a_difference_away():
    for value in [
        *np.linspace(-3, 3, 601).tolist(),
        *(1.7 * np.logspace(0, 14, 90)).tolist(),
        999.6,
        9960.0,
        1e-9,
        0.9999,
        -1e-9,
        1 - 1e-12,
    ]:
        text = number(value)
        assert len(text) <= 5
        assert value in (0.0, 1.0) or text not in ("0", "1")


def test_the_ends_of_the_scale_can_be_left_to_their_colour():
    ax = Figure().subplots()
    draw_heatmap(ax, np.array([[0.0, 0.5, 1.0]]), ["a"], ["x", "y", "z"], ends_printed=False)
    assert [text.get_text() for text in ax.texts if text.get_text()] == [".50"]
