r"""
How many neurons approximate a ball?
====================================

Statement A2: the excess of the best circumscribed polyhedron with :math:`m` facets falls as :math:`m^{-2/(r-1)}` for a smooth
convex body of dimension :math:`r`. For the disk it is known exactly (A3): :math:`m \tan(\pi/m) - \pi`.
"""

# %%
import numpy as np

from geosae.figures.style import blank, colour, marker, styled
from geosae.geometry import Ball, approximation_rate

rng = np.random.default_rng(0)
disk = approximation_rate(Ball(np.zeros(2), 1.0), [6, 8, 12, 16, 24, 32], rng)
ball = approximation_rate(Ball(np.zeros(3), 1.0), [8, 12, 16, 24, 32], rng)
for name, rate in (("disk", disk), ("ball", ball)):
    print(
        f"{name}: slope {rate.slope:.3f} in [{rate.low:.3f}, {rate.high:.3f}], predicted {rate.predicted:g}"
    )

# %%
# Excess over the hull against the number of facets, with the line of the predicted slope through the last point.
with styled():
    figure = blank()
    axes = figure.subplots()
    for k, (name, rate) in enumerate((("disk, r = 2", disk), ("ball, r = 3", ball))):
        line = rate.excesses[-1] * (rate.facets / rate.facets[-1]) ** rate.predicted
        axes.loglog(rate.facets, line, color=colour(k), lw=0.8)
        axes.loglog(rate.facets, rate.excesses, marker(k), color=colour(k), label=name)
    axes.set_xticks(disk.facets, [str(m) for m in disk.facets])
    axes.set_xticks([], minor=True)
    axes.set_xlabel("facets m")
    axes.set_ylabel("excess over the ball")
    axes.legend(frameon=False)
