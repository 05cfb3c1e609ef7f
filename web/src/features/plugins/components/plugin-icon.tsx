import { cn } from "@/lib/utils";

const HUES = [212, 165, 280, 40, 330, 95, 245];

/** A plugin's picture: its first letter, in a colour that its name always gets. */
export function PluginIcon({ slug, name, className }: { slug: string; name: string; className?: string }) {
  const sum = Array.from(slug).reduce((total, letter) => total + (letter.codePointAt(0) ?? 0), 0);
  const hue = HUES[sum % HUES.length] ?? 212;
  return (
    <span
      aria-hidden
      className={cn(
        "grid size-10 shrink-0 place-items-center rounded-xl text-base font-semibold",
        "bg-[oklch(0.93_0.045_var(--hue))] text-[oklch(0.42_0.1_var(--hue))]",
        "dark:bg-[oklch(0.32_0.055_var(--hue))] dark:text-[oklch(0.87_0.08_var(--hue))]",
        className,
      )}
      style={{ "--hue": hue } as React.CSSProperties}
    >
      {Array.from(name)[0]?.toUpperCase() ?? "?"}
    </span>
  );
}
