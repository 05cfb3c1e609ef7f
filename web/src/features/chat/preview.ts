import type { ChatMessage } from "@/lib/api-types";

/** A message in one line, without its marks. */
export function previewOf(message: ChatMessage): string {
  if (message.trouble) return message.trouble.title;
  if (message.format === "html") {
    return new DOMParser().parseFromString(message.text, "text/html").body.textContent.trim();
  }
  const text =
    message.format === "markdown" ? message.text.replace(/[*_`~#>]+|\[(.+?)\]\(.+?\)/g, "$1") : message.text;
  return text.replace(/\s+/g, " ").trim();
}
