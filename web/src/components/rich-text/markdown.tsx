import { Lexer, type Token, type Tokens } from "marked";
import { Fragment, useMemo, type ReactNode } from "react";
import { safeHref } from "@/components/rich-text/safe-href";
import { cn } from "@/lib/utils";

interface MarkdownProps {
  text: string;
  /** A line break in the source is one on the page, as chats have it. */
  breaks?: boolean;
  className?: string;
}

/**
 * Shows Markdown that someone else wrote. The source becomes tokens and these become elements, so no HTML of the author
 * ever reaches the page: it is shown as the text that it is. Images become links, since loading one tells its server who
 * reads.
 */
export function Markdown({ text, breaks = false, className }: MarkdownProps) {
  const tokens = useMemo(() => new Lexer({ gfm: true, breaks }).lex(text), [text, breaks]);
  return <div className={cn("rich-text", className)}>{blocks(tokens)}</div>;
}

function blocks(tokens: Token[]): ReactNode {
  return tokens.map((token, index) => <Fragment key={index}>{block(token)}</Fragment>);
}

function block(token: Token): ReactNode {
  switch (token.type) {
    case "paragraph":
      return <p>{inline(token.tokens)}</p>;
    case "heading":
      // The page has its own outline; a message may not break it.
      return <p className="font-semibold">{inline(token.tokens)}</p>;
    case "code":
      return (
        <pre>
          <code>{(token as Tokens.Code).text}</code>
        </pre>
      );
    case "blockquote":
      return <blockquote>{blocks(token.tokens ?? [])}</blockquote>;
    case "list":
      return list(token as Tokens.List);
    case "table":
      return table(token as Tokens.Table);
    case "hr":
      return <hr />;
    case "space":
    case "def":
      return null;
    case "text":
      return token.tokens ? <>{inline(token.tokens)}</> : (token as Tokens.Text).text;
    default:
      return <p>{token.raw}</p>;
  }
}

function list(token: Tokens.List): ReactNode {
  const items = token.items.map((item, index) => (
    <li key={index} className={item.task ? "list-none" : undefined}>
      {item.task && (
        <input type="checkbox" checked={item.checked ?? false} readOnly disabled className="mr-2" />
      )}
      {blocks(item.tokens.filter((inner) => inner.type !== "checkbox"))}
    </li>
  ));
  return token.ordered ? <ol start={Number(token.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function table(token: Tokens.Table): ReactNode {
  return (
    <div className="overflow-x-auto">
      <table>
        <thead>
          <tr>
            {token.header.map((cell, index) => (
              <th key={index}>{inline(cell.tokens)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {token.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{inline(cell.tokens)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inline(tokens: Token[] | undefined): ReactNode {
  return (tokens ?? []).map((token, index) => <Fragment key={index}>{span(token)}</Fragment>);
}

function span(token: Token): ReactNode {
  switch (token.type) {
    case "strong":
      return <strong>{inline(token.tokens)}</strong>;
    case "em":
      return <em>{inline(token.tokens)}</em>;
    case "del":
      return <del>{inline(token.tokens)}</del>;
    case "codespan":
      return <code>{(token as Tokens.Codespan).text}</code>;
    case "br":
      return <br />;
    case "link":
      return <SafeLink href={(token as Tokens.Link).href}>{inline(token.tokens)}</SafeLink>;
    case "image": {
      const image = token as Tokens.Image;
      return <SafeLink href={image.href}>{image.text || image.href}</SafeLink>;
    }
    case "text":
      return token.tokens ? inline(token.tokens) : (token as Tokens.Text).text;
    case "escape":
      return (token as Tokens.Escape).text;
    default:
      return token.raw;
  }
}

export function SafeLink({ href, children }: { href: string; children: ReactNode }) {
  const safe = safeHref(href);
  if (safe === null) return <>{children}</>;
  return (
    <a href={safe} target="_blank" rel="noopener noreferrer nofollow">
      {children}
    </a>
  );
}
