// The module that wasm-bindgen writes beside this file, and the one call that starts the pages.
import start from "./loom-ui.js";

start();
