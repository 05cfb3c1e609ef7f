import { cn } from "@/lib/utils";

/** The mark: a speech bubble that looks back at you. Its colours follow the theme. */
export function LogoMark({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden className={cn("size-7", className)}>
      <path
        className="fill-[#0e7187] dark:fill-[#2a9fb3]"
        d="M10 3h12a8 8 0 0 1 8 8v8a8 8 0 0 1-8 8H12.4l-5.6 3.6A1.2 1.2 0 0 1 5 29.6V25a8 8 0 0 1-3-6v-8a8 8 0 0 1 8-8Z"
      />
      <rect x="9.5" y="10.5" width="4.6" height="9" rx="2.3" fill="#fff" />
      <rect x="17.9" y="10.5" width="4.6" height="9" rx="2.3" fill="#8df0e2" />
    </svg>
  );
}

export function Logo({ className }: { className?: string }) {
  return (
    <span className={cn("flex items-center gap-2.5", className)}>
      <LogoMark />
      <span className="text-[1.0625rem] font-semibold tracking-tight">2Bot</span>
    </span>
  );
}
