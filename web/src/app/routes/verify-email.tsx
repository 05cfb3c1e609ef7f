import { Link } from "@tanstack/react-router";
import { AuthLayout } from "@/features/auth/components/auth-layout";
import { VerifyEmailForm } from "@/features/auth/components/verify-email-form";
import { useMailToken } from "@/features/auth/mail-token";

export function VerifyEmailRoute() {
  const token = useMailToken();
  return (
    <AuthLayout
      title="Confirm your address"
      description="So that you can get back in if you forget your password."
      footer={
        <Link to="/" className="font-medium text-primary hover:underline">
          Open your workspace
        </Link>
      }
    >
      <VerifyEmailForm token={token} />
    </AuthLayout>
  );
}
