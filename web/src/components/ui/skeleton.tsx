import type { ComponentProps } from "react";
import { cn } from "@/lib/utils";

/** Holds the place of what is being loaded. */
export function Skeleton({ className, ...props }: ComponentProps<"div">) {
  return <div aria-hidden className={cn("animate-pulse rounded-md bg-muted", className)} {...props} />;
}
