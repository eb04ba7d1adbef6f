// Fits what stands on each slide into it, then starts reveal.js.
"use strict";

// Pixels of text and of code on a slide 1280 wide, and the part of its own width that a figure gets:
// the first with which all is on the slide. Smaller ones cannot be read from the back of a hall.
const SIZES = [
  [32, 22, 1], [30, 21, 1], [28, 20, 1], [26, 20, 1], [24, 19, 1], [22, 18, 1], [22, 18, 0.95],
  [20, 18, 0.95], [20, 18, 0.9], [20, 18, 0.85], [20, 18, 0.8], [20, 18, 0.75], [20, 18, 0.7],
];
const SMALLEST = 18;

const tooWide = (box) => box.scrollWidth > box.clientWidth + 1;
const tooHigh = (box) => box.scrollHeight > box.clientHeight + 1;

// Long lines of code make that code smaller, and at last go on in the next line.
function fitCode(code, largest) {
  code.classList.remove("wraps");
  for (let size = largest; size >= SMALLEST; size -= 1) {
    code.style.fontSize = `${size}px`;
    if (!tooWide(code)) return;
  }
  code.classList.add("wraps");
}

function fit(slide) {
  for (const [text, code, figure] of SIZES) {
    slide.style.setProperty("--text", `${text}px`);
    slide.style.setProperty("--figure", figure);
    slide.querySelectorAll("pre").forEach((pre) => fitCode(pre, code));
    if (!tooHigh(slide) && !tooWide(slide)) return;
  }
}

async function start() {
  const printing = new URLSearchParams(location.search).has("print-pdf");
  const ready = () => document.documentElement.classList.add("deck-ready");
  Reveal.on(printing ? "pdf-ready" : "ready", ready);
  await Promise.all([...document.fonts].map((face) => face.load()));
  if (document.readyState !== "complete") {
    await new Promise((loaded) => addEventListener("load", loaded, { once: true })); // pictures
  }
  document.documentElement.classList.add("fitting"); // lays out all slides at once
  document.querySelectorAll(".slide").forEach(fit);
  document.documentElement.classList.remove("fitting");
  Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    maxScale: 4,
    center: false,
    controls: "speaker-only", // arrows would stand on the text
    hash: true,
    navigationMode: "linear", // the arrow keys go through all slides, none is jumped over
    transition: "none",
    slideNumber: "c/t",
    defaultTiming: 60,
    pdfSeparateFragments: false,
    pdfMaxPagesPerSlide: 1,
    plugins: [RevealNotes],
  });
}

start();
