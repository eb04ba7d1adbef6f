// Looks for what is wrong with HTML: reads a JSON list of pieces, writes a list of messages of each.
const fs = require("node:fs");
const { HtmlValidate } = require("html-validate");

const validator = new HtmlValidate({
  root: true,
  elements: ["html5"],
  rules: {
    "close-order": "error",
    "element-name": "error",
    "element-permitted-content": "error",
    "element-required-attributes": "error",
    "no-dup-attr": "error",
    "unrecognized-char-ref": "error",
    "void-content": "error",
    "wcag/h37": ["error", { allowEmpty: false }],
  },
});

const wrongWith = (piece) =>
  validator
    .validateStringSync(piece)
    .results.flatMap((result) => result.messages)
    .map((found) => found.message);
const pieces = JSON.parse(fs.readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(pieces.map(wrongWith)));
