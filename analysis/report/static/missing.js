// The page that a web server shows for an address that does not exist: its style and links are made to work there too.
// A server shows it at any depth of the site and says nowhere where the site begins, so this script looks for the style
// in one folder after the other, upwards. It stands in the page itself, which allows it by its hash.
"use strict";

{
  const pointTo = (site) => {
    for (const link of document.querySelectorAll("a[href]:not([href^='#'])")) {
      link.href = new URL(link.getAttribute("href"), site).href;
    }
  };
  const lookIn = (folder) => {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = new URL("assets/survey.css", folder).href;
    style.onload = () => pointTo(folder);
    style.onerror = () => {
      style.remove();
      const above = new URL("..", folder);
      if (above.href !== folder.href) lookIn(above);
    };
    document.head.append(style);
  };
  lookIn(new URL(".", location.href));
}
