const options = {mode: "vega-lite", ast: true, renderer: "svg", actions: false, defaultStyle: false};
for (const place of document.querySelectorAll(".vega")) {
  vegaEmbed(place, JSON.parse(place.nextElementSibling.textContent), options);
}
