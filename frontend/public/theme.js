// Runs before the first paint, so that a chosen theme does not flash.
try {
  var chosen = localStorage.getItem('palestra-theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch {
  // storage is closed: the system's theme holds
}
