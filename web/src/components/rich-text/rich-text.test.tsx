import { render } from "@testing-library/react";
import { expect, test } from "vitest";
import { HtmlText } from "@/components/rich-text/html-text";
import { Markdown } from "@/components/rich-text/markdown";

const ATTACKS = [
  `<img src=x onerror="alert(1)">`,
  `<script>alert(1)</script>`,
  `<svg onload=alert(1)><a href="javascript:alert(1)">x</a></svg>`,
  `<a href="javascript:alert(1)" onclick="alert(1)">x</a>`,
  `<a href="/api/v1/auth/logout">x</a>`,
  `<object data="https://example.com"></object>`,
  `[x](javascript:alert(1)) ![x](https://example.com/track.png)`,
  `[x](data:text/html,<script>alert(1)</script>)`,
  `<b style="position:fixed;inset:0">x</b><form action=//example.com><input></form>`,
];

test.each(ATTACKS)("a stranger's text stays text: %s", (text) => {
  for (const element of [<HtmlText key="h" html={text} />, <Markdown key="m" text={text} />]) {
    const { container, unmount } = render(element);
    expect(
      container.querySelector("script, img, svg, object, form, input, object, [style], [onclick], [onerror]"),
    ).toBeNull();
    for (const link of container.querySelectorAll("a")) {
      expect(link.getAttribute("href")).toMatch(/^https:\/\//);
      expect(link.getAttribute("rel")).toContain("noopener");
    }
    unmount();
  }
});

test("Markdown is shown as what it means", () => {
  const { container } = render(
    <Markdown
      breaks
      text={
        "**Open** now\nfrom *9* & `a < b`\n\n1. one\n2. [two](https://example.com/a?b=1&c=2)\n\n<b>raw</b>"
      }
    />,
  );
  expect(container.querySelector("strong")?.textContent).toBe("Open");
  expect(container.querySelectorAll("ol > li")).toHaveLength(2);
  expect(container.querySelector("a")?.getAttribute("href")).toBe("https://example.com/a?b=1&c=2");
  expect(container.querySelector("code")?.textContent).toBe("a < b");
  expect(container.querySelector("br")).not.toBeNull();
  expect(container.textContent).toContain("from 9 & a < b");
  expect(container.textContent).toContain("<b>raw</b>");
});

test("the HTML of chats is shown as what it means", () => {
  const { container } = render(
    <HtmlText
      html={`<b>Open</b> <i>now</i><br>a &lt; b <a href="https://example.com">site</a> <blink>still here</blink>`}
    />,
  );
  expect(container.querySelector("strong")?.textContent).toBe("Open");
  expect(container.querySelector("em")?.textContent).toBe("now");
  expect(container.querySelector("a")?.textContent).toBe("site");
  expect(container.textContent).toContain("a < b");
  expect(container.textContent).toContain("still here");
});
