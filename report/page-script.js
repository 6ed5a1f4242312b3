/* Runs in the page of a report: draws its plots, filters them, saves pictures, shows the details behind a mark. */
(() => {
  const { plots, details } = JSON.parse(document.getElementById("report").textContent);
  const picture = (id) => document.querySelector(`#${CSS.escape(id)} .picture`);
  const views = new Map();

  /** Values that a filter lets through, by column; a column with all boxes checked lets everything through. */
  const allowed = () => {
    const fields = new Map();
    for (const box of document.querySelectorAll("#filters input")) {
      const values = fields.get(box.dataset.field) ?? new Set();
      if (box.checked) values.add(box.value);
      fields.set(box.dataset.field, values);
    }
    return fields;
  };

  const filtered = ({ rows, filters }) => {
    const fields = allowed();
    const active = filters.filter((field) => fields.has(field));
    return rows.filter((row) => active.every((field) => fields.get(field).has(JSON.stringify(row[field]))));
  };

  const show = (name) => {
    const panel = document.getElementById("details");
    panel.querySelector("pre").textContent = details[name];
    panel.hidden = false;
  };

  const draw = async (plot) => {
    plot.spec.data.find(({ name }) => name === "rows").values = plot.rows;
    const view = new vega.View(vega.parse(plot.spec), {
      renderer: "svg",
      container: picture(plot.id),
      hover: true,
      logLevel: vega.Error,
    });
    views.set(plot.id, view);
    if (plot.details)
      view.addEventListener("click", (_, item) => {
        const name = item?.datum?.[plot.details];
        if (name in details) show(name);
      });
    await view.runAsync();
  };

  const save = async (id, format) => {
    const view = views.get(id);
    if (view) return view.toImageURL(format, 2);
    const drawing = picture(id).querySelector("svg");
    const url = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(drawing))}`;
    if (format === "svg") return url;
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = 2 * image.width;
    canvas.height = 2 * image.height;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/png");
  };

  document.addEventListener("click", async (event) => {
    const format = event.target.dataset?.save;
    if (!format) return;
    event.preventDefault();
    const { id } = event.target.closest("figure");
    const link = document.createElement("a");
    link.download = `${id}.${format}`;
    link.href = await save(id, format);
    link.click();
  });
  document.getElementById("filters")?.addEventListener("change", async () => {
    for (const plot of plots)
      if (plot.filters.length > 0) await views.get(plot.id).data("rows", filtered(plot)).runAsync();
  });
  document.querySelector("#details button")?.addEventListener("click", () => {
    document.getElementById("details").hidden = true;
  });
  Promise.all(plots.map(draw)).then(() => document.body.classList.add("drawn"));
})();
