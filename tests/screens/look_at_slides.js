// Walks all slides of an open deck, all of each slide shown, and says what a hall could not read.
(smallest) => {
  const findings = [];
  const within = (node, selector) => node.parentElement.closest(selector);
  const UNSEEN = "aside, mjx-assistive-mml, style, script";
  const scale = Reveal.getScale();

  function textsOf(slide) {
    const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (node.textContent.trim() && !within(node, UNSEEN)) texts.push(node);
    }
    return texts;
  }

  function look(slide, say) {
    const room = slide.getBoundingClientRect();
    const boxes = [...slide.querySelectorAll("*")]
      .filter((element) => !element.closest(UNSEEN) && !element.closest("svg > *"))
      .map((element) => element.getBoundingClientRect())
      .filter((box) => box.width && box.height);
    const beyond = {
      right: Math.max(...boxes.map((box) => box.right)) - Math.min(room.right, innerWidth),
      below: Math.max(...boxes.map((box) => box.bottom)) - Math.min(room.bottom, innerHeight),
      left: room.left - Math.min(...boxes.map((box) => box.left)),
    };
    for (const [side, by] of Object.entries(beyond)) {
      if (by > 1) say(`${Math.ceil(by)}px ${side}: something is cut off`);
    }
    for (const box of slide.querySelectorAll("pre")) {
      if (box.scrollWidth > box.clientWidth + 1) say(`a line is cut off: ${box.textContent.slice(0, 40)}`);
    }
    for (const image of slide.querySelectorAll("img")) {
      if (!image.complete || !image.naturalWidth) say("a picture is missing");
      if (!image.alt) say("a picture has no alternative text");
      const shrunk = image.getBoundingClientRect().width / image.naturalWidth;
      const size = Number(image.dataset.smallestText ?? Infinity) * shrunk;
      if (size < smallest) say(`text of ${Math.floor(size)}px in a picture: ${image.alt.slice(0, 40)}`);
    }
    if (slide.querySelector("merror, [data-mjx-error]")) say("a formula failed");
    for (const node of textsOf(slide)) {
      if (/\$|\\[([]|\\begin/.test(node.textContent) && !within(node, "pre, code")) {
        say(`a raw formula: ${node.textContent.trim().slice(0, 60)}`);
      }
      const size = parseFloat(getComputedStyle(node.parentElement).fontSize) * scale;
      if (size < smallest && !within(node, "svg")) {
        say(`text of ${Math.floor(size)}px: ${node.textContent.trim().slice(0, 40)}`);
      }
    }
    for (const formula of slide.querySelectorAll("mjx-container")) {
      const size = parseFloat(getComputedStyle(formula).fontSize) * scale;
      if (size < smallest) say(`a formula of ${Math.floor(size)}px`);
    }
  }

  const slides = Reveal.getSlides();
  slides.forEach((section, place) => {
    const { h, v } = Reveal.getIndices(section);
    Reveal.slide(h, v, section.querySelectorAll(".fragment").length - 1);
    const heading = section.querySelector("h1, h2, h3");
    const name = `slide ${place + 1} (${heading ? heading.textContent : "without a heading"})`;
    look(section.querySelector(".slide"), (finding) => findings.push(`${name}: ${finding}`));
  });
  return { slides: slides.length, findings };
}
