// Before anything is shown: the colours that this browser was told to have.
const told = localStorage.getItem("loom-theme");
if (told === "light" || told === "dark") document.documentElement.dataset.theme = told;
