// Draws the numbers of a table as lines, and saves the chart as an image. Without it the table is all there is.
(() => {
  "use strict";

  const HEIGHT = 300;
  const MOST_DOTS = 45;
  // Lines differ by their dashes too, for those who see no colours.
  const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3], [4, 2], [12, 5], [1, 2]];
  const UNITS = [[172800, 86400, "d"], [7200, 3600, "h"], [120, 60, "min"], [0, 1, "s"]];
  const DAY = 86400;
  // How far apart labels of the time axis may be, in seconds.
  const APART = { hour: [3600, 10800, 21600, 43200, DAY], day: [DAY, 2 * DAY, 7 * DAY, 14 * DAY], week: [7 * DAY, 14 * DAY, 28 * DAY] };
  const LENGTH = { hour: 3600, day: DAY, week: 7 * DAY, month: 30 * DAY };
  const plots = new Map();

  const colourOf = (element) => getComputedStyle(element).color;

  function inWords(value, isDuration) {
    if (value === null || value === undefined) return "\u2013";
    if (!isDuration) return value.toLocaleString();
    const [, size, unit] = UNITS.find(([least]) => value >= least);
    const amount = value / size;
    return `${amount.toLocaleString(undefined, { maximumFractionDigits: amount < 10 ? 1 : 0 })} ${unit}`;
  }

  function readTable(table) {
    const rows = [...table.tBodies[0].rows];
    const headings = [...table.tHead.rows[0].cells].slice(1);
    const numberOf = (cell) => ("value" in cell.dataset ? Number(cell.dataset.value) : null);
    const isLine = (value) => value !== 0 || table.dataset.unit !== "seconds"; // A logarithm has no zero.
    const lines = headings.map((_, place) => rows.map((row) => numberOf(row.cells[place + 1]))
      .map((value) => (isLine(value) ? value : null)));
    return { headings, data: [rows.map((row) => Number(row.dataset.begin)), ...lines] };
  }

  // A label of the time axis, in the time zone of the report.
  function momentIn({ zone, language, every }) {
    const shape = every === "hour" ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short" };
    const format = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { ...shape, timeZone: zone });
    return (_, ticks) => ticks.map((tick) => format.format(tick * 1000));
  }

  const when = (incrs) => (incrs ? { incrs } : {});

  // A single step has an axis of that step. Otherwise the library would show many months around it.
  function timeAxis({ every }, moments) {
    if (moments.length !== 1) return { scale: {}, axis: when(APART[every]) };
    const [begin] = moments;
    return { scale: { range: [begin - LENGTH[every] / 2, begin + LENGTH[every] / 2] }, axis: { splits: () => moments } };
  }

  // The numbers under the pointer stand in the legend.
  function showUnderPointer(frame, data, isDuration) {
    const places = frame.closest("figure").querySelectorAll("[data-line]");
    return ({ cursor: { idx } }) => places.forEach((place, line) => {
      place.textContent = idx === null || idx === undefined ? "" : inWords(data[line + 1][idx], isDuration);
    });
  }

  function optionsFor(frame, table, headings, data) {
    const isDuration = table.dataset.unit === "seconds";
    const soft = colourOf(frame);
    const grid = { stroke: `color-mix(in srgb, ${soft} 25%, transparent)`, width: 1 };
    const axis = { stroke: soft, grid, ticks: grid };
    const time = timeAxis(frame.dataset, data[0]);
    const isShown = (tick) => (isDuration ? Number.isInteger(Math.log10(tick)) : Number.isInteger(tick));
    const values = (_, ticks) => ticks.map((tick) => (isShown(tick) ? inWords(tick, isDuration) : ""));
    return {
      width: frame.clientWidth,
      height: HEIGHT,
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), frame.dataset.zone),
      // Seconds and days are both seen on a scale of powers of ten.
      scales: { x: time.scale, y: isDuration ? { distr: 3 } : { range: (_, least, most) => [0, most > 0 ? most * 1.08 : 1] } },
      axes: [{ ...axis, values: momentIn(frame.dataset), ...time.axis }, { ...axis, values, size: 72 }],
      legend: { show: false },
      hooks: { setCursor: [showUnderPointer(frame, data, isDuration)] },
      series: [{}, ...headings.map((heading, place) => ({
        label: heading.textContent.trim(),
        stroke: colourOf(heading.querySelector(".line")),
        width: 2,
        dash: DASHES[place % DASHES.length],
        spanGaps: true,
        points: { show: data[0].length <= MOST_DOTS },
      }))],
    };
  }

  function draw(frame) {
    const table = document.getElementById(frame.dataset.chart);
    if (!table) return;
    plots.get(frame)?.destroy();
    const { headings, data } = readTable(table);
    plots.set(frame, new uPlot(optionsFor(frame, table, headings, data), data, frame));
  }

  // The library is fetched by the first chart, so that a page without one does not pay for it.
  function drawAll() {
    for (const frame of plots.keys()) if (!frame.isConnected) plots.delete(frame);
    const frames = [...document.querySelectorAll("[data-chart]")];
    if (!frames.length) return;
    if (window.uPlot) {
      frames.forEach(draw);
      return;
    }
    if (document.querySelector(`script[src="${frames[0].dataset.library}"]`)) return;
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = frames[0].dataset.style;
    const script = document.createElement("script");
    script.src = frames[0].dataset.library;
    script.addEventListener("load", drawAll);
    document.head.append(style, script);
  }

  // The image has the ground of the page and its own title, so that it can stand alone.
  function save(button) {
    const frame = document.querySelector("[data-chart]");
    const drawn = plots.get(frame)?.ctx.canvas;
    if (!drawn) return;
    const scale = window.devicePixelRatio || 1;
    const top = 60 * scale;
    const image = document.createElement("canvas");
    image.width = drawn.width;
    image.height = drawn.height + top;
    const pen = image.getContext("2d");
    pen.fillStyle = getComputedStyle(frame.closest("figure")).backgroundColor;
    pen.fillRect(0, 0, image.width, image.height);
    pen.drawImage(drawn, 0, top);
    pen.font = `${13 * scale}px system-ui, sans-serif`;
    let left = 12 * scale;
    const write = (text, colour, height) => {
      pen.fillStyle = colour;
      pen.fillText(text, left, height * scale);
      left += pen.measureText(text).width + 14 * scale;
    };
    write(document.title, colourOf(document.body), 22);
    left = 12 * scale;
    for (const mark of document.querySelectorAll(`#${frame.dataset.chart} .line`)) {
      write(`\u25a0 ${mark.parentElement.textContent.trim()}`, colourOf(mark), 46);
    }
    image.toBlob((file) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = button.dataset.saveChart;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  document.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-save-chart]");
    if (button) save(button);
  });
  document.addEventListener("htmx:afterSettle", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
  addEventListener("resize", () => {
    for (const [frame, plot] of plots) plot.setSize({ width: frame.clientWidth, height: HEIGHT });
  });
  drawAll();
})();
