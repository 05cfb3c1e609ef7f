import { Button } from "@/components/ui/button";
import { toast } from "@/components/ui/toaster";
import { useKeepAccount } from "@/features/account/api/close-account";
import { formatDateTime } from "@/lib/format";

/** Stands over every page of an account that is going to be deleted. */
export function ClosingBanner({ closesAt }: { closesAt: string }) {
  const keep = useKeepAccount();
  return (
    <div
      role="status"
      className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 border-b bg-danger-soft px-4 py-2.5 text-sm text-foreground sm:px-6 lg:px-8"
    >
      <p>
        This account and all that it has will be deleted on <strong>{formatDateTime(closesAt)}</strong>.
      </p>
      <Button
        variant="outline"
        size="sm"
        pending={keep.isPending}
        onClick={() =>
          keep.mutate(undefined, {
            onSuccess: () =>
              toast.success("The account stays", "Start the workspace and connect your gateways again."),
            onError: (error) => toast.error("That did not work", error.message),
          })
        }
      >
        Keep the account
      </Button>
    </div>
  );
}
