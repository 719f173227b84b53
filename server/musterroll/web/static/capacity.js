// The number beside a slider follows it; without this it follows when the form is sent.
document.addEventListener("input", (event) => {
  const said = event.target.type === "range" && document.querySelector(`[data-of="${event.target.name}"]`);
  if (said) said.textContent = event.target.value;
});
