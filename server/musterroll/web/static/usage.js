// The value of a bar shows above its chart: of the one under the pointer, or the one that arrow keys have reached.
function choose(chart, bars, place) {
  const bar = bars[Math.max(0, Math.min(place, bars.length - 1))];
  bars.forEach((other) => other.classList.toggle("is-chosen", other === bar));
  chart.setAttribute("aria-valuenow", bars.indexOf(bar) + 1);
  chart.setAttribute("aria-valuetext", bar.dataset.words);
  chart.closest("figure").querySelector(".use-value").textContent = bar.dataset.words;
}
document.addEventListener("pointerover", (event) => {
  const bar = event.target.closest(".use-bars g");
  if (!bar) return;
  const bars = [...bar.parentElement.querySelectorAll("g")];
  choose(bar.closest(".use-bars"), bars, bars.indexOf(bar));
});
document.addEventListener("keydown", (event) => {
  const chart = event.target.closest?.(".use-bars");
  if (!chart) return;
  const bars = [...chart.querySelectorAll("g")];
  const now = chart.getAttribute("aria-valuenow") - 1;
  const place = { ArrowLeft: now - 1, ArrowDown: now - 1, ArrowRight: now + 1, ArrowUp: now + 1, Home: 0, End: bars.length - 1 }[event.key];
  if (place === undefined) return;
  event.preventDefault();
  choose(chart, bars, place);
});
