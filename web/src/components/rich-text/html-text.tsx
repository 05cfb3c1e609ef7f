import { createElement, Fragment, useMemo, type ReactNode } from "react";
import { SafeLink } from "@/components/rich-text/markdown";
import { cn } from "@/lib/utils";

/** What messages in HTML may use, and the element that shows it. Anything else is left out, its text stays. */
const ELEMENTS: Record<string, string> = {
  b: "strong",
  strong: "strong",
  i: "em",
  em: "em",
  u: "u",
  ins: "u",
  s: "del",
  strike: "del",
  del: "del",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
  p: "p",
  ul: "ul",
  ol: "ol",
  li: "li",
};
const DROPPED = new Set([
  "script",
  "style",
  "template",
  "iframe",
  "object",
  "noscript",
  "head",
  "title",
  "svg",
  "math",
]);

/**
 * Shows the HTML of a chat message. It is parsed into a document of its own, where nothing loads or runs, and rebuilt from
 * a short list of elements without any of their attributes but a checked link.
 */
export function HtmlText({ html, className }: { html: string; className?: string }) {
  const content = useMemo(() => {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    return children(parsed.body);
  }, [html]);
  return <div className={cn("rich-text whitespace-pre-wrap", className)}>{content}</div>;
}

function children(node: Node): ReactNode {
  return Array.from(node.childNodes).map((child, index) => <Fragment key={index}>{rebuild(child)}</Fragment>);
}

function rebuild(node: Node): ReactNode {
  if (node.nodeType === 3) return node.textContent;
  if (node.nodeType !== 1) return null;
  const element = node as Element;
  const name = element.tagName.toLowerCase();
  if (DROPPED.has(name)) return null;
  if (name === "br") return <br />;
  if (name === "a") return <SafeLink href={element.getAttribute("href") ?? ""}>{children(element)}</SafeLink>;
  if (name === "tg-spoiler" || (name === "span" && element.className === "tg-spoiler")) {
    return (
      <span
        tabIndex={0}
        className="rounded bg-current/80 transition-colors hover:bg-transparent focus:bg-transparent"
      >
        {children(element)}
      </span>
    );
  }
  const shown = ELEMENTS[name];
  return shown ? createElement(shown, null, children(element)) : children(element);
}
