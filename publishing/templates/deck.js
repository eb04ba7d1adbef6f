// Fits what stands on each slide into it, then starts reveal.js.
"use strict";

// Text in pixels of a slide 1280 wide, and the part of its full width that a figure gets: the
// first pair with which nothing is cut off. Smaller ones cannot be read from the back of a hall.
const SIZES = [
  [28, 1], [26, 1], [26, 0.95], [24, 0.95], [24, 0.9], [22, 0.9], [22, 0.85], [20, 0.85], [20, 0.8],
  [20, 0.75], [20, 0.7],
];

function overflows(slide) {
  const boxes = [slide, ...slide.querySelectorAll("pre, .prose")];
  return boxes.some(
    (box) => box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1,
  );
}

function fit(slide) {
  for (const [text, figure] of SIZES) {
    slide.style.setProperty("--text", `${text}px`);
    slide.style.setProperty("--figure", figure);
    if (!overflows(slide)) return;
  }
}

async function start() {
  const printing = new URLSearchParams(location.search).has("print-pdf");
  const ready = () => document.documentElement.classList.add("deck-ready");
  Reveal.on(printing ? "pdf-ready" : "ready", ready);
  const faces = [...document.fonts].map((face) => face.load());
  await Promise.all(faces);
  document.documentElement.classList.add("fitting"); // lays out all slides at once
  document.querySelectorAll(".slide").forEach(fit);
  document.documentElement.classList.remove("fitting");
  Reveal.initialize({
    width: 1280,
    height: 720,
    margin: 0,
    maxScale: 4,
    center: false,
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
